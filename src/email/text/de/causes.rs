//! Each cause in German.

use crate::email::text::Sentences;
use crate::model::Cause;

pub(super) fn wording(cause: Cause) -> &'static Sentences {
    match cause {
        Cause::ExpiresSoon => &EXPIRES_SOON,
        Cause::Expired => &EXPIRED,
        Cause::DataAccessExpiresSoon => &DATA_ACCESS_EXPIRES_SOON,
        Cause::DataAccessExpired => &DATA_ACCESS_EXPIRED,
        Cause::PasswordChanged => &PASSWORD_CHANGED,
        Cause::AppRemoved => &APP_REMOVED,
        Cause::SessionEnded => &SESSION_ENDED,
        Cause::ReplacedElsewhere => &REPLACED_ELSEWHERE,
        Cause::Checkpoint => &CHECKPOINT,
        Cause::PageRoleLost => &PAGE_ROLE_LOST,
        Cause::PageGone => &PAGE_GONE,
        Cause::PermissionMissing => &PERMISSION_MISSING,
        Cause::Unreadable => &UNREADABLE,
        Cause::WrongApp => &WRONG_APP,
        Cause::AppSecretWrong => &APP_SECRET_WRONG,
        Cause::AppUnavailable => &APP_UNAVAILABLE,
        Cause::Blocked => &BLOCKED,
        Cause::Throttled => &THROTTLED,
        Cause::Outage => &OUTAGE,
        Cause::Unexplained => &UNEXPLAINED,
    }
}

/// For tokens that Meta refuses, where the cause alone may leave a token working in part.
pub(super) const fn wording_when_refused(cause: Cause) -> Option<&'static Sentences> {
    match cause {
        Cause::DataAccessExpired => Some(&DATA_ACCESS_REFUSED),
        Cause::PermissionMissing => Some(&PERMISSION_REFUSED),
        Cause::AppUnavailable => Some(&APP_REFUSED),
        Cause::ExpiresSoon
        | Cause::Expired
        | Cause::DataAccessExpiresSoon
        | Cause::PasswordChanged
        | Cause::AppRemoved
        | Cause::SessionEnded
        | Cause::ReplacedElsewhere
        | Cause::Checkpoint
        | Cause::PageRoleLost
        | Cause::PageGone
        | Cause::Unreadable
        | Cause::WrongApp
        | Cause::AppSecretWrong
        | Cause::Blocked
        | Cause::Throttled
        | Cause::Outage
        | Cause::Unexplained => None,
    }
}

const CUT_OFF: &str = "Programme, die {these} nutzen, erreichen Facebook weiterhin nicht: keine Nachrichten, \
                       Beiträge oder Leads.";

const EXPIRES_SOON: Sentences = Sentences {
    call: "Bitte{by} bei Facebook anmelden",
    state: "Jetzt fällig",
    why: "Der Zugang der App {app} über {person_acc} {ending}. Meta lässt ihn nicht von einem Programm erneuern.",
    otherwise: "{from} erreichen Programme, die {these} nutzen, Facebook nicht mehr: keine Nachrichten, Beiträge oder \
                Leads.",
};

const EXPIRED: Sentences = Sentences {
    call: "Bitte erneut bei Facebook anmelden",
    state: "Funktioniert nicht",
    why: "Der Zugang der App {app} über {person_acc} ist abgelaufen.",
    otherwise: CUT_OFF,
};

const DATA_ACCESS_EXPIRES_SOON: Sentences = Sentences {
    call: "Bitte{by} bei Facebook anmelden",
    state: "Jetzt fällig",
    why: "Facebook zeigt einer App die Daten einer Person 90 Tage lang nach deren letzter Anmeldung. \
          Diese Frist für {person_acc} und die App {app} {ending}.",
    otherwise: "{from} erhalten Programme, die über {these} Daten lesen, nichts mehr, obwohl die Anmeldung noch zu \
                gelten scheint.",
};

const DATA_ACCESS_EXPIRED: Sentences = Sentences {
    call: "Bitte erneut bei Facebook anmelden",
    state: "Funktioniert teilweise",
    why: "{person} hat sich zuletzt vor mehr als 90 Tagen bei der App {app} angemeldet. Facebook zeigt der App keine \
          Daten mehr.",
    otherwise: "Programme, die über {these} Daten lesen, erhalten weiterhin nichts.",
};

const PASSWORD_CHANGED: Sentences = Sentences {
    call: "Bitte erneut bei Facebook anmelden",
    state: "Funktioniert nicht",
    why: "Das Facebook-Passwort von {to_person} wurde geändert oder von Facebook zurückgesetzt. Damit endeten alle \
          früher erteilten Zugänge.",
    otherwise: CUT_OFF,
};

const APP_REMOVED: Sentences = Sentences {
    call: "Bitte erneut bei Facebook anmelden",
    state: "Funktioniert nicht",
    why: "Die App {app} wurde aus den Facebook-Einstellungen von {to_person} entfernt. Sie hat keinen Zugang mehr.",
    otherwise: CUT_OFF,
};

const SESSION_ENDED: Sentences = Sentences {
    call: "Bitte erneut bei Facebook anmelden",
    state: "Funktioniert nicht",
    why: "Facebook hat den Zugang der App {app} über {person_acc} beendet und nennt keinen Grund.",
    otherwise: CUT_OFF,
};

const REPLACED_ELSEWHERE: Sentences = Sentences {
    call: "Bitte erneut bei Facebook anmelden",
    state: "Funktioniert nicht",
    why: "Facebook hat den Zugang der App {app} nur für {page} beendet. Das kann geschehen, wenn von Hand ein neues \
          Token für die Seite erstellt wird.",
    otherwise: CUT_OFF,
};

const CHECKPOINT: Sentences = Sentences {
    call: "Bitte die Sicherheitsprüfung von Facebook abschließen",
    state: "Funktioniert nicht",
    why: "Facebook hat das Konto von {to_person} gesperrt, bis eine Sicherheitsprüfung abgeschlossen ist.",
    otherwise: CUT_OFF,
};

const PAGE_ROLE_LOST: Sentences = Sentences {
    call: "Bitte die Rolle auf der Seite wiederherstellen",
    state: "Funktioniert nicht",
    why: "{person} hat nicht mehr die Rolle, die die App {app} für {page} braucht.",
    otherwise: CUT_OFF,
};

const PAGE_GONE: Sentences = Sentences {
    call: "Bitte fehlende Seiten prüfen",
    state: "Funktioniert nicht",
    why: "Facebook zeigt {to_person} {page} nicht mehr. {Die Seite wurde|Die Seiten wurden} gelöscht oder verborgen, \
          oder der Zugriff wurde entzogen.",
    otherwise: CUT_OFF,
};

const PERMISSION_MISSING: Sentences = Sentences {
    call: "Bitte fehlende Berechtigungen erteilen",
    state: "Funktioniert teilweise",
    why: "Die App {app} braucht Berechtigungen, die {person} nicht erteilt oder wieder entzogen hat: {missing}.",
    otherwise: "Alles, was diese Berechtigungen braucht, schlägt weiterhin fehl. Der Rest funktioniert.",
};

const UNREADABLE: Sentences = Sentences {
    call: "Bitte unlesbare Tokens ersetzen",
    state: "Funktioniert nicht",
    why: "Meta kann {these} nicht lesen. {Es ist|Sie sind} unvollständig, verändert oder für eine andere Plattform \
          wie Instagram erstellt.",
    otherwise: CUT_OFF,
};

const WRONG_APP: Sentences = Sentences {
    call: "Bitte Tokens der richtigen App zuordnen",
    state: "Nicht geprüft",
    why: "Laut Meta {stammt|stammen} {these} von einer anderen App, nicht von {app}.",
    otherwise: "Perennial kann {these} weder prüfen noch erneuern.",
};

const APP_SECRET_WRONG: Sentences = Sentences {
    call: "Bitte den App-Geheimcode ersetzen",
    state: "Prüfungen angehalten",
    why: "Meta lehnt den Geheimcode ab, den Perennial für die App {app} hat. Vermutlich wurde er im Dashboard der App \
          zurückgesetzt.",
    otherwise: "Perennial kann kein Token der App {app} prüfen oder erneuern. Funktionierende Tokens gibt es weiter \
                aus. Tokens, die inzwischen ablaufen, sind verloren.",
};

const APP_UNAVAILABLE: Sentences = Sentences {
    call: "Bitte die App im Dashboard von Meta prüfen",
    state: "Prüfungen angehalten",
    why: "Laut Meta gibt es die App {app} nicht, oder sie ist abgeschaltet oder darf nicht benutzt werden.",
    otherwise: APP_SECRET_WRONG.otherwise,
};

const BLOCKED: Sentences = Sentences {
    call: "Meta blockiert Aufrufe. Bitte das Dashboard prüfen",
    state: "Wartet auf Meta",
    why: "Meta hat die Aufrufe der App {app} blockiert, entweder wegen seiner Richtlinien oder weil es Missbrauch \
          vermutet.",
    otherwise: "Perennial versucht es weiter und schickt eine E-Mail, sobald Meta die Aufrufe der App {app} wieder \
                annimmt. Bis dahin prüft und erneuert es die betroffenen Tokens nicht, gibt die funktionierenden aber \
                weiter aus.",
};

const THROTTLED: Sentences = Sentences {
    call: "Meta drosselt Aufrufe. Bitte den Verbrauch prüfen",
    state: "Wartet auf Meta",
    why: "Seit mehr als einem Tag erlaubt Meta der App {app} kaum noch Aufrufe.",
    otherwise: BLOCKED.otherwise,
};

const OUTAGE: Sentences = Sentences {
    call: "Meta antwortet nicht (nichts zu tun)",
    state: "Wartet auf Meta",
    why: "Seit mehr als einer halben Stunde antwortet Meta der App {app} nicht oder nur mit eigenen Fehlern.",
    otherwise: BLOCKED.otherwise,
};

const UNEXPLAINED: Sentences = Sentences {
    call: "Antworten von Meta unverständlich. Bitte nach Updates sehen",
    state: "Wartet auf Meta",
    why: "Seit mehr als einer halben Stunde antwortet Meta der App {app} auf eine Weise, die diese Version von \
          Perennial nicht versteht.",
    otherwise: BLOCKED.otherwise,
};

const DATA_ACCESS_REFUSED: Sentences = Sentences {
    call: DATA_ACCESS_EXPIRED.call,
    state: "Funktioniert nicht",
    why: "{person} hat die App {app} zuletzt vor mehr als 90 Tagen benutzt. Facebook lehnt {these} ab, bis {person} \
          sich neu anmeldet.",
    otherwise: CUT_OFF,
};

const PERMISSION_REFUSED: Sentences = Sentences {
    call: PERMISSION_MISSING.call,
    state: "Funktioniert nicht",
    why: "Facebook lehnt {these} ab. Der App {app} fehlt eine Berechtigung, die {person} nicht erteilt oder wieder \
          entzogen hat.",
    otherwise: CUT_OFF,
};

const APP_REFUSED: Sentences = Sentences {
    call: APP_UNAVAILABLE.call,
    state: "Funktioniert nicht",
    why: "Meta lässt die App {app} {these} nicht nutzen, obwohl Meta die App selbst akzeptiert.",
    otherwise: CUT_OFF,
};
