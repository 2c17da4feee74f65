//! What to do, in German.

use crate::alerts::language::Saying;

#[expect(clippy::too_many_lines, reason = "a table of sentences")]
pub(super) fn saying(saying: Saying) -> &'static str {
    match saying {
        Saying::LogIn => {
            "{person} meldet sich wie beim ersten Mal über Facebook bei der App {app} an und lässt alle Seiten \
             angekreuzt."
        }
        Saying::HandOver => {
            "Das neue Zugriffstoken geht auf sicherem Weg an den Betreiber ({operators}), nicht per E-Mail."
        }
        Saying::PutIn => "Der Betreiber trägt es ein:",
        Saying::PutInWithPages => {
            "Der Betreiber trägt es ein; die Seiten-Tokens folgen von selbst:"
        }
        Saying::PutInEach => {
            "Der Betreiber trägt es ein, einmal für jeden Namen aus der Liste unten:"
        }
        Saying::MakeASystemToken => {
            "Ein Administrator des Unternehmens öffnet in den Unternehmenseinstellungen die Systembenutzer, wählt \
             {person_acc} und erstellt ein neues Token für die App {app} mit denselben Berechtigungen."
        }
        Saying::Grant => {
            "{person} meldet sich wie beim ersten Mal über Facebook bei der App {app} an und erlaubt {missing}."
        }
        Saying::PassTheCheck => {
            "{person} meldet sich im Browser bei Facebook an und folgt der Sicherheitsprüfung."
        }
        Saying::NothingElse => {
            "Sonst nichts: Perennial fragt Meta jeden Tag und schreibt, sobald es wieder geht."
        }
        Saying::GiveTheRoleBack => {
            "Jemand mit voller Kontrolle über {page} gibt {to_person} wieder Zugriff: Seiteneinstellungen, \
             Seitenzugriff."
        }
        Saying::LookForThePage => {
            "{person} sieht auf Facebook nach, ob {page} noch da {ist|sind}, und lässt sich den Zugriff zurückgeben."
        }
        Saying::ForgetThePage => "Ist eine Seite endgültig weg, entfernt der Betreiber ihr Token:",
        Saying::FetchAgain => {
            "Holen Sie das Zugriffstoken noch einmal dort, wo es erstellt wurde: vollständig und für Facebook."
        }
        Saying::FetchAllAgain => {
            "Holen Sie die Zugriffstokens noch einmal dort, wo sie erstellt wurden: vollständig und für Facebook."
        }
        Saying::PutEachIn => "Tragen Sie jedes davon ein:",
        Saying::RemoveFromWrongApp => {
            "Wenn Sie das Token selbst zur Hand haben, entfernen Sie, was unter der falschen App steht:"
        }
        Saying::PutUnderRightApp => "Tragen Sie es unter der App wieder ein, von der es stammt:",
        Saying::CopyTheAppSecret => {
            "Kopieren Sie den App-Geheimcode aus den allgemeinen Einstellungen der App."
        }
        Saying::StoreTheAppSecret => {
            "Legen Sie ihn dort ab, wohin `secret` der App {app} in perennial.toml zeigt."
        }
        Saying::Restart => "Starten Sie Perennial neu, damit es den Geheimcode liest:",
        Saying::LookAfterTheApp => {
            "Sehen Sie nach, ob es die App noch gibt, ob sie eingeschaltet ist und ob dort eine Warnung steht."
        }
        Saying::CompareTheId => {
            "Vergleichen Sie ihre ID mit der ID der App {app} in perennial.toml."
        }
        Saying::LookForAWarning => {
            "Sehen Sie im Dashboard der App nach, ob dort eine Warnung steht."
        }
        Saying::LookAtTheCalls => {
            "Sehen Sie nach, was die Aufrufe verbraucht; vielleicht nutzt ein anderes Programm dieselbe App:"
        }
        Saying::WaitForMeta => "Im Moment nichts. Über eigene Störungen berichtet Meta hier:",
        Saying::LookAtTheAnswers => {
            "Sehen Sie nach, was Meta geantwortet hat und ob es eine neuere Version von Perennial gibt:"
        }
    }
}
