//! English.

mod causes;
mod digest;
mod instructions;

use super::catalog::{Calendar, Cases, Catalog, Catalogue, Number, Units};

pub(super) const CATALOGUE: Catalogue = Catalogue {
    calendar: CALENDAR,
    thousands: ',',
    and: " and ",
    span: SPAN,
    span_after: SPAN,
    catalog: PHRASES,
    summary: digest::SUMMARY,
    wording: causes::wording,
    wording_when_refused: causes::wording_when_refused,
    instruction: instructions::instruction,
};

const CALENDAR: Calendar = Calendar {
    weekdays: [
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
    ],
    short_weekdays: ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
    months: [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    short_months: [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ],
    zones: &[],
    moment: "{weekday}, {day} {month} {year} at {time} {zone}",
    short_moment: "{wd} {day} {mon}, {time} {zone}",
    short_day: "{day} {mon}",
    date: "{day} {mon} {year}",
};

const SPAN: Units = Units {
    moment: "less than a minute",
    minutes: "{n} min",
    hours: "{n} h",
    days: "{n} days",
};

const PHRASES: Catalog = Catalog {
    reminder: "Reminder: {line}",
    flapping: "Recurring: {line}",
    escalated: "Still open: {line}",
    app_and_action: "App {app}: {action}",
    apps_and_action: "Apps {app}: {action}",
    action_and_about: "{action}: {about}",
    by: " by {when}",
    new_system_user_token: "Generate a new system user token{by}",
    nothing_left: "Nothing left to do",
    renewed_in_time: "Renewed in time",
    working_again: "Working again",
    working_again_after: "Working again after {span}",

    the_app: "app {app}",
    the_apps: "apps {app}",
    tokens_of_app: "tokens of {app}",
    count_tokens_of_app: "{count} tokens of {app}",
    system_user_named: Cases::same("the system user {name}"),
    system_user: Cases::same("the system user"),
    unknown_person: Cases::same("the person who gave access"),
    person_by_id: Cases::same("the person with Facebook ID {id}"),
    these_tokens: Number {
        one: Cases::same("this token"),
        many: Cases::same("these {count} tokens"),
    },
    these_pages: Number {
        one: Cases::same("this page"),
        many: Cases::same("these {count} pages"),
    },

    solved: "Solved",
    closed: "Closed",
    left: "{span} left",
    time_remaining: "{span} left",

    app_is_served_again: "Meta accepts the calls of app {app} again. Checks and renewals continue.",
    tokens_work_again: "Meta has confirmed {these}. You do not need to do anything else.",
    all_removed: "The tokens concerned have been removed from Perennial. You do not need to do anything else.",
    one_login_renews: "One login is enough. It keeps {these} valid for another {validity_days} days.",
    one_login_keeps_pages: "One login is enough. It keeps {these} valid for another {validity_days} days, and also all page tokens that depend on {person}: {pages}.",
    more_were_hit: "More tokens have been affected since the last email.",
    comes_back: "This has happened {times} times within a few days: it works again, then stops again. Perennial does not send an email each time, but it sends one when everything has worked for a day.",
    nobody_acted: "Perennial sent an email about this to {notified} on {waiting}. Nothing has changed since. Please make sure that the steps below are done.",
    log_in_button: "Log in with Facebook",
    what_to_do: "What to do",
    if_nobody_acts: "If you do nothing",
    meanwhile: "Meanwhile",
    reminds_again: " Perennial sends the next reminder on {at}.",
    ending: "ends on {at}, in {span}",
    ending_passed: "was due to end on {at}",
    ending_soon: "ends soon",
    from_then: "From {at}",
    from_now: "From now on",

    time_left: "Time left",
    access: "Access",
    data_access: "Data access",
    user_tokens: "User tokens",
    page_tokens: "Page tokens",
    system_user_tokens: "System user tokens",
    app_tokens: "App tokens",

    tokens: "Tokens",
    and_more: "and {count} more",
    user_token: "user token",
    page_token: "page token",
    system_user_token: "system user token",
    app_token: "app token",
    not_working_since: "not working since {at}",
    not_checked_now: "could not be checked just now",
    ended: "expired {at}",
    ends: "expires {at}",
    lacks: "missing permissions: {missing}",
    every_permission: "every permission that the app asks for",
    good_until: "valid until {at}",
    good_without_end: "never expires",

    about_perennial: "Perennial is the program that keeps your company's Facebook access working.",
    went_to_one: "This email was sent only to {all}.",
    went_to: "This email was sent to {all}.",
    went_to_many: "This email was sent to {all} and {count} more.",
    incident: "Incident {id} of app {app}, opened on {at}.",

    undelivered: "Email not delivered to {missed}: {subject}",
    undelivered_label: "Not delivered",
    undelivered_headline: "An email was not delivered",
    undelivered_why: "Perennial could not deliver “{subject}” to {missed}: {reason}.",
    undelivered_step: "Tell them in another way, and correct the address or the mail server. Perennial tries again \
                       within a day and sends its reminders to the same address.",
    undelivered_footer: "This email was sent only to the operators.",

    ungranted: "Check permissions that were never granted: {missing}",
    ungranted_label: "Tokens still work",
    ungranted_headline: "Some tokens never had a required permission",
    ungranted_why: "Your configuration requires permissions that the tokens below did not have at any check so far.",
    ungranted_step: "If you need these permissions, ask the person to log in again. To get a link for that, run: \
                     perennial login --token NAME. If you do not need them, remove them from scopes in the \
                     configuration or from the scopes that the token requires. Everything else works.",
    ungranted_footer: "This email was sent only to the operators. Perennial reports each token once.",

    test_email: "Perennial can reach you by email",
    trying_label: "Test email",
    trying_about: "You do not need to do anything.",
    trying_why: "This test email arrived, so emails about tokens will arrive too.",
    trying_footer: "Sent by perennial mail-test on {at}.",
};
