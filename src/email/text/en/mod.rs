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
    short_moment: "{wd} {day} {mon}, {time}",
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
    flapping: "Again and again: {line}",
    escalated: "Nobody has acted yet: {line}",
    app_and_action: "App {app}: {action}",
    apps_and_action: "Apps {app}: {action}",
    action_and_about: "{action}: {about}",
    by: " by {when}",
    new_system_user_token: "Make a new system user token{by}",
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
    unknown_person: Cases::same("whoever gave it"),
    person_by_id: Cases::same("the person with Facebook id {id}"),
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

    app_is_served_again: "Meta accepts the calls of app {app} again; checks and renewals go on.",
    tokens_work_again: "Meta confirms {these} again. Nothing needs to be done any more.",
    all_removed: "All that this was about has been removed from Perennial. Nothing needs to be done any more.",
    one_login_renews: "One login is enough: {these} are then good for {validity_days} more days.",
    one_login_keeps_pages: "One login is enough: {these} {is|are} then good for {validity_days} more days, and so are the {pages} page{|s} that hang on {person}.",
    more_were_hit: "More have been hit since the last email.",
    comes_back: "This has happened {times} times within days: it works again, and then it does not. Perennial will not write each time, but as soon as it has been well for a day.",
    nobody_acted: "An email about this went to {notified} on {waiting}, and nothing has changed since. Please make sure that somebody acts.",
    log_in_button: "Log in with Facebook",
    what_to_do: "What to do",
    if_nobody_acts: "If nobody acts",
    meanwhile: "Meanwhile",
    reminds_again: " Perennial reminds again on {at}.",
    ending: "on {at}, in {span}",
    ending_passed: "on {at}, which has passed",
    ending_soon: "soon",
    from_then: "From {at} on",
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
    ended: "ended {at}",
    ends: "ends {at}",
    lacks: "lacks {missing}",
    every_permission: "every permission that the app asks for",
    good_until: "good until {at}",
    good_without_end: "good without an end",

    went_to_one: "This email went to {all} and to nobody else.",
    went_to: "This email went to {all}.",
    went_to_many: "This email went to {all} and {count} more.",
    incident: "Incident {id} of app {app}, opened on {at}.",

    undelivered: "Email does not reach {missed}: {subject}",
    undelivered_label: "Not delivered",
    undelivered_headline: "An email does not reach whom it is for",
    undelivered_why: "Perennial wrote “{subject}” to {missed}, and {reason}.",
    undelivered_step: "See that they hear of it by another way, and correct the address or the mail server. \
                       Perennial tries again within a day, and writes its reminders to the same address.",
    undelivered_footer: "This email went to the operators alone.",

    ungranted: "Permissions never granted: {missing}",
    ungranted_label: "Works without them",
    ungranted_headline: "Some tokens never had a permission that is required",
    ungranted_why: "The configuration requires permissions that the tokens below did not have at any check so far.",
    ungranted_step: "To get them, ask the person to log in again: perennial login --token NAME prints a link. If the \
                     tokens do not need them, remove them from scopes in the configuration, or from the scopes that \
                     the token requires. Everything else works.",
    ungranted_footer: "This email went to the operators only. Perennial reports each token once.",

    test_email: "Perennial can reach you by mail",
    trying_label: "Test email",
    trying_about: "Nothing needs to be done.",
    trying_why: "That you read this shows that emails about tokens will arrive, too.",
    trying_footer: "Asked for with perennial mail-test on {at}.",
};
