//! What to do, in German.

use crate::email::text::Instruction;

#[expect(clippy::too_many_lines, reason = "a table of sentences")]
pub(super) fn instruction(instruction: Instruction) -> &'static str {
    match instruction {
        Instruction::LogIn => {
            "Melden Sie sich wie beim ersten Mal als {person} über Facebook bei der App {app} an. Lassen Sie alle \
             Seiten ausgewählt."
        }
        Instruction::HandOver => {
            "Geben Sie das neue Zugriffstoken auf sicherem Weg an den Betreiber ({operators}), nicht per E-Mail."
        }
        Instruction::PutIn => "Der Betreiber importiert das Token:",
        Instruction::PutInWithPages => {
            "Der Betreiber importiert das Token, und Perennial holt neue Seiten-Tokens:"
        }
        Instruction::PutInEach => {
            "Der Betreiber importiert das Token, einmal für jeden Namen aus der Liste unten:"
        }
        Instruction::MakeASystemToken => {
            "Öffnen Sie in den Unternehmenseinstellungen die Systembenutzer. Dafür müssen Sie Administrator des \
             Unternehmens sein. Wählen Sie {person_acc} aus und erstellen Sie ein neues Token für die App {app} mit \
             denselben Berechtigungen:"
        }
        Instruction::Grant => {
            "Melden Sie sich wie beim ersten Mal als {person} über Facebook bei der App {app} an. Erlauben Sie \
             {missing}."
        }
        Instruction::PassTheCheck => {
            "Melden Sie sich im Browser als {person} bei Facebook an und schließen Sie die Sicherheitsprüfung ab:"
        }
        Instruction::NothingElse => {
            "Das ist alles. Perennial fragt Meta jeden Tag und schickt eine E-Mail, sobald es wieder funktioniert."
        }
        Instruction::GiveTheRoleBack => {
            "Bitten Sie eine Person mit voller Kontrolle über {page}, {to_person} wieder Zugriff zu geben \
             (Seiteneinstellungen, Seitenzugriff)."
        }
        Instruction::LookForThePage => {
            "Melden Sie sich als {person} bei Facebook an und prüfen Sie, ob Sie {page} noch sehen. Wenn nicht, bitten \
             Sie um neuen Zugriff."
        }
        Instruction::ForgetThePage => {
            "Wenn es eine Seite nicht mehr gibt, entfernt der Betreiber ihr Token:"
        }
        Instruction::FetchAgain => {
            "Kopieren Sie das Zugriffstoken noch einmal dort, wo es erstellt wurde. Es muss vollständig und für \
             Facebook erstellt sein."
        }
        Instruction::FetchAllAgain => {
            "Kopieren Sie die Zugriffstokens noch einmal dort, wo sie erstellt wurden. Sie müssen vollständig und für \
             Facebook erstellt sein."
        }
        Instruction::PutEachIn => "Importieren Sie jedes davon:",
        Instruction::RemoveFromWrongApp => {
            "Vergewissern Sie sich, dass Sie {das Zugriffstoken selbst|die Zugriffstokens selbst} haben. Entfernen Sie \
             {es|jedes davon} dann aus der falschen App:"
        }
        Instruction::PutUnderRightApp => {
            "Importieren Sie {es|jedes davon} unter der App, die es ausgestellt hat:"
        }
        Instruction::CopyTheAppSecret => {
            "Kopieren Sie den App-Geheimcode aus den allgemeinen Einstellungen der App:"
        }
        Instruction::StoreTheAppSecret => {
            "Speichern Sie ihn an der Stelle, auf die `secret` der App {app} in perennial.toml zeigt."
        }
        Instruction::Restart => "Starten Sie Perennial neu, damit es den Geheimcode liest:",
        Instruction::LookAfterTheApp => {
            "Prüfen Sie, ob es die App noch gibt, ob sie eingeschaltet ist und ob dort eine Warnung steht:"
        }
        Instruction::CompareTheId => {
            "Vergleichen Sie ihre ID mit der id der App {app} in perennial.toml."
        }
        Instruction::LookForAWarning => "Prüfen Sie, ob im Dashboard der App eine Warnung steht:",
        Instruction::LookAtTheCalls => {
            "Prüfen Sie, was die Aufrufe verbraucht. Vielleicht nutzt ein anderes Programm dieselbe App:"
        }
        Instruction::WaitForMeta => {
            "Sie müssen nichts tun. Über eigene Störungen berichtet Meta hier:"
        }
        Instruction::LookAtTheAnswers => {
            "Prüfen Sie, was Meta geantwortet hat und ob es eine neuere Version von Perennial gibt:"
        }
    }
}
