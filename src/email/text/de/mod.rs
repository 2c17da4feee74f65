//! German, in the formal form of address.

mod causes;
mod digest;
mod instructions;

use super::catalog::{Calendar, Cases, Catalog, Catalogue, Number, Units};

pub(super) const CATALOGUE: Catalogue = Catalogue {
    calendar: CALENDAR,
    thousands: '.',
    and: " und ",
    span: Units {
        moment: "weniger als eine Minute",
        minutes: "{n} Min.",
        hours: "{n} Stunden",
        days: "{n} Tage",
    },
    span_after: Units {
        moment: "weniger als einer Minute",
        minutes: "{n} Min.",
        hours: "{n} Stunden",
        days: "{n} Tagen",
    },
    catalog: PHRASES,
    summary: digest::SUMMARY,
    wording: causes::wording,
    wording_when_refused: causes::wording_when_refused,
    instruction: instructions::instruction,
};

const CALENDAR: Calendar = Calendar {
    weekdays: [
        "Montag",
        "Dienstag",
        "Mittwoch",
        "Donnerstag",
        "Freitag",
        "Samstag",
        "Sonntag",
    ],
    short_weekdays: ["Mo.", "Di.", "Mi.", "Do.", "Fr.", "Sa.", "So."],
    months: [
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ],
    short_months: [
        "Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.",
        "Dez.",
    ],
    zones: &[("CET", "MEZ"), ("CEST", "MESZ")],
    moment: "{weekday}, {day}. {month} {year} um {time} Uhr {zone}",
    short_moment: "{wd}, {day}. {mon}, {time} Uhr {zone}",
    short_day: "{day}. {mon}",
    date: "{day}. {mon} {year}",
};

const PHRASES: Catalog = Catalog {
    reminder: "Erinnerung: {line}",
    flapping: "Wiederholt: {line}",
    escalated: "Noch offen: {line}",
    app_and_action: "App {app}: {action}",
    apps_and_action: "Apps {app}: {action}",
    action_and_about: "{action}: {about}",
    by: " bis {when}",
    new_system_user_token: "Bitte{by} ein neues Systembenutzer-Token erstellen",
    nothing_left: "Nichts mehr zu tun",
    renewed_in_time: "Rechtzeitig erneuert",
    working_again: "Funktioniert wieder",
    working_again_after: "Funktioniert wieder nach {span}",

    the_app: "App {app}",
    the_apps: "Apps {app}",
    tokens_of_app: "Tokens von {app}",
    count_tokens_of_app: "{count} Tokens von {app}",
    system_user_named: Cases {
        nominative: "der Systembenutzer {name}",
        accusative: "den Systembenutzer {name}",
        dative: "dem Systembenutzer {name}",
    },
    system_user: Cases {
        nominative: "der Systembenutzer",
        accusative: "den Systembenutzer",
        dative: "dem Systembenutzer",
    },
    unknown_person: Cases {
        nominative: "die Person, die den Zugang gegeben hat,",
        accusative: "die Person, die den Zugang gegeben hat,",
        dative: "der Person, die den Zugang gegeben hat,",
    },
    person_by_id: Cases {
        nominative: "die Person mit der Facebook-ID {id}",
        accusative: "die Person mit der Facebook-ID {id}",
        dative: "der Person mit der Facebook-ID {id}",
    },
    these_tokens: Number {
        one: Cases {
            nominative: "dieses Token",
            accusative: "dieses Token",
            dative: "diesem Token",
        },
        many: Cases {
            nominative: "diese {count} Tokens",
            accusative: "diese {count} Tokens",
            dative: "diesen {count} Tokens",
        },
    },
    these_pages: Number {
        one: Cases {
            nominative: "diese Seite",
            accusative: "diese Seite",
            dative: "dieser Seite",
        },
        many: Cases {
            nominative: "diese {count} Seiten",
            accusative: "diese {count} Seiten",
            dative: "diesen {count} Seiten",
        },
    },

    solved: "Gelöst",
    closed: "Erledigt",
    left: "Noch {span}",
    time_remaining: "noch {span}",

    app_is_served_again: "Meta nimmt die Aufrufe der App {app} wieder an. Prüfungen und Erneuerungen laufen weiter.",
    tokens_work_again: "Meta hat {these} bestätigt. Sie müssen nichts mehr tun.",
    all_removed: "Die betroffenen Tokens wurden aus Perennial entfernt. Sie müssen nichts mehr tun.",
    one_login_renews: "Eine Anmeldung genügt. Danach sind {these} weitere {validity_days} Tage gültig.",
    one_login_keeps_pages: "Eine Anmeldung genügt. Danach {ist|sind} {these} weitere {validity_days} Tage gültig und mit {ihm|ihnen} alle Seiten-Tokens, die von {to_person} abhängen: {pages}.",
    more_were_hit: "Seit der letzten E-Mail sind weitere Tokens betroffen.",
    comes_back: "Das ist innerhalb weniger Tage {times}-mal passiert: Es funktioniert wieder und fällt dann erneut aus. Perennial schickt nicht jedes Mal eine E-Mail, aber eine, sobald alles einen Tag lang funktioniert hat.",
    nobody_acted: "Am {waiting} ging dazu eine E-Mail an {notified}. Seither hat sich nichts geändert. Bitte sorgen Sie dafür, dass die Schritte unten erledigt werden.",
    log_in_button: "Mit Facebook anmelden",
    what_to_do: "Was zu tun ist",
    if_nobody_acts: "Wenn Sie nichts tun",
    meanwhile: "Bis dahin",
    reminds_again: " Die nächste Erinnerung kommt am {at}.",
    ending: "endet am {at}, also in {span}",
    ending_passed: "sollte am {at} enden",
    ending_soon: "endet bald",
    from_then: "Ab {at}",
    from_now: "Ab jetzt",

    time_left: "Verbleibende Zeit",
    access: "Zugang",
    data_access: "Datenzugriff",
    user_tokens: "Personen-Tokens",
    page_tokens: "Seiten-Tokens",
    system_user_tokens: "Systembenutzer-Tokens",
    app_tokens: "App-Tokens",

    tokens: "Tokens",
    and_more: "und {count} weitere",
    user_token: "Personen-Token",
    page_token: "Seiten-Token",
    system_user_token: "Systembenutzer-Token",
    app_token: "App-Token",
    not_working_since: "funktioniert nicht seit {at}",
    not_checked_now: "konnte gerade nicht geprüft werden",
    ended: "abgelaufen am {at}",
    ends: "läuft ab am {at}",
    lacks: "fehlende Berechtigungen: {missing}",
    every_permission: "alle Berechtigungen, um die die App bittet",
    good_until: "gültig bis {at}",
    good_without_end: "läuft nie ab",

    about_perennial: "Perennial ist das Programm, das den Facebook-Zugang Ihres Unternehmens aufrechterhält.",
    went_to_one: "Diese E-Mail ging nur an {all}.",
    went_to: "Diese E-Mail ging an {all}.",
    went_to_many: "Diese E-Mail ging an {all} und {count} weitere.",
    incident: "Vorfall {id} der App {app}, begonnen am {at}.",

    undelivered: "E-Mail nicht zugestellt an {missed}: {subject}",
    undelivered_label: "Nicht zugestellt",
    undelivered_headline: "Eine E-Mail wurde nicht zugestellt",
    undelivered_why: "Perennial konnte „{subject}“ nicht an {missed} zustellen: {reason}.",
    undelivered_step: "Informieren Sie die Empfänger auf anderem Weg und berichtigen Sie die Adresse oder den \
                       Mailserver. Perennial versucht es innerhalb eines Tages noch einmal und schickt Erinnerungen \
                       an dieselbe Adresse.",
    undelivered_footer: "Diese E-Mail ging nur an die Betreiber.",

    ungranted: "Bitte nie erteilte Berechtigungen prüfen: {missing}",
    ungranted_label: "Tokens funktionieren",
    ungranted_headline: "Einige Tokens hatten eine verlangte Berechtigung nie",
    ungranted_why: "Ihre Konfiguration verlangt Berechtigungen, die die Tokens unten bisher bei keiner Prüfung hatten.",
    ungranted_step: "Wenn Sie diese Berechtigungen brauchen, bitten Sie die Person, sich neu anzumelden. Den Link dafür \
                     erhalten Sie mit: perennial login --token NAME. Wenn Sie sie nicht brauchen, entfernen Sie sie in \
                     der Konfiguration aus scopes oder aus den Berechtigungen, die das Token verlangt. Alles andere \
                     funktioniert.",
    ungranted_footer: "Diese E-Mail ging nur an die Betreiber. Perennial meldet jedes Token einmal.",

    test_email: "Perennial erreicht Sie per E-Mail",
    trying_label: "Test-E-Mail",
    trying_about: "Sie müssen nichts tun.",
    trying_why: "Diese Test-E-Mail ist angekommen, also kommen auch E-Mails über Tokens an.",
    trying_footer: "Gesendet mit perennial mail-test am {at}.",
};
