//! What to do, in German.

use crate::email::text::Instruction;

#[expect(clippy::too_many_lines, reason = "a table of sentences")]
pub(super) fn instruction(instruction: Instruction) -> &'static str {
    match instruction {
        Instruction::LogIn => {
            "{person} meldet sich wie beim ersten Mal über Facebook bei der App {app} an und lässt alle Seiten \
             angekreuzt."
        }
        Instruction::HandOver => {
            "Das neue Zugriffstoken geht auf sicherem Weg an den Betreiber ({operators}), nicht per E-Mail."
        }
        Instruction::PutIn => "Der Betreiber trägt es ein:",
        Instruction::PutInWithPages => {
            "Der Betreiber trägt es ein; die Seiten-Tokens folgen von selbst:"
        }
        Instruction::PutInEach => {
            "Der Betreiber trägt es ein, einmal für jeden Namen aus der Liste unten:"
        }
        Instruction::MakeASystemToken => {
            "Ein Administrator des Unternehmens öffnet in den Unternehmenseinstellungen die Systembenutzer, wählt \
             {person_acc} und erstellt ein neues Token für die App {app} mit denselben Berechtigungen."
        }
        Instruction::Grant => {
            "{person} meldet sich wie beim ersten Mal über Facebook bei der App {app} an und erlaubt {missing}."
        }
        Instruction::PassTheCheck => {
            "{person} meldet sich im Browser bei Facebook an und folgt der Sicherheitsprüfung."
        }
        Instruction::NothingElse => {
            "Sonst nichts: Perennial fragt Meta jeden Tag und schreibt, sobald es wieder geht."
        }
        Instruction::GiveTheRoleBack => {
            "Jemand mit voller Kontrolle über {page} gibt {to_person} wieder Zugriff: Seiteneinstellungen, \
             Seitenzugriff."
        }
        Instruction::LookForThePage => {
            "{person} sieht auf Facebook nach, ob {page} noch da {ist|sind}, und lässt sich den Zugriff zurückgeben."
        }
        Instruction::ForgetThePage => {
            "Ist eine Seite endgültig weg, entfernt der Betreiber ihr Token:"
        }
        Instruction::FetchAgain => {
            "Holen Sie das Zugriffstoken noch einmal dort, wo es erstellt wurde: vollständig und für Facebook."
        }
        Instruction::FetchAllAgain => {
            "Holen Sie die Zugriffstokens noch einmal dort, wo sie erstellt wurden: vollständig und für Facebook."
        }
        Instruction::PutEachIn => "Tragen Sie jedes davon ein:",
        Instruction::RemoveFromWrongApp => {
            "Wenn Sie das Token selbst zur Hand haben, entfernen Sie, was unter der falschen App steht:"
        }
        Instruction::PutUnderRightApp => {
            "Tragen Sie es unter der App wieder ein, von der es stammt:"
        }
        Instruction::CopyTheAppSecret => {
            "Kopieren Sie den App-Geheimcode aus den allgemeinen Einstellungen der App."
        }
        Instruction::StoreTheAppSecret => {
            "Legen Sie ihn dort ab, wohin `secret` der App {app} in perennial.toml zeigt."
        }
        Instruction::Restart => "Starten Sie Perennial neu, damit es den Geheimcode liest:",
        Instruction::LookAfterTheApp => {
            "Sehen Sie nach, ob es die App noch gibt, ob sie eingeschaltet ist und ob dort eine Warnung steht."
        }
        Instruction::CompareTheId => {
            "Vergleichen Sie ihre ID mit der ID der App {app} in perennial.toml."
        }
        Instruction::LookForAWarning => {
            "Sehen Sie im Dashboard der App nach, ob dort eine Warnung steht."
        }
        Instruction::LookAtTheCalls => {
            "Sehen Sie nach, was die Aufrufe verbraucht; vielleicht nutzt ein anderes Programm dieselbe App:"
        }
        Instruction::WaitForMeta => "Im Moment nichts. Über eigene Störungen berichtet Meta hier:",
        Instruction::LookAtTheAnswers => {
            "Sehen Sie nach, was Meta geantwortet hat und ob es eine neuere Version von Perennial gibt:"
        }
    }
}
