//! What a language must be able to say. Words in braces are blanks; what they mean stands in `phrases`.

use crate::token::Cause;

pub(in crate::alerts) struct Catalogue {
    pub(in crate::alerts) calendar: Calendar,
    /// Between groups of three digits.
    pub(in crate::alerts) thousands: char,
    /// Before the last item of a list.
    pub(in crate::alerts) and: &'static str,
    /// How much time is left.
    pub(in crate::alerts) span: Units,
    /// The same after "in" or "after".
    pub(in crate::alerts) span_after: Units,
    pub(in crate::alerts) phrases: Phrases,
    pub(in crate::alerts) summary: Summary,
    pub(in crate::alerts) wording: fn(Cause) -> &'static Wording,
    /// For a cause that tokens may work with in part: what is said when Meta refuses one because of it.
    pub(in crate::alerts) wording_when_refused: fn(Cause) -> Option<&'static Wording>,
    pub(in crate::alerts) saying: fn(Saying) -> &'static str,
}

/// Names and forms of instants. In a form, `{weekday}`, `{day}`, `{month}`, `{year}`, `{time}` and `{zone}` are filled
/// in, and `{wd}` and `{mon}` are the short names.
pub(in crate::alerts) struct Calendar {
    /// From Monday.
    pub(in crate::alerts) weekdays: [&'static str; 7],
    pub(in crate::alerts) short_weekdays: [&'static str; 7],
    pub(in crate::alerts) months: [&'static str; 12],
    pub(in crate::alerts) short_months: [&'static str; 12],
    /// Where people say it in another way than the machine.
    pub(in crate::alerts) zones: &'static [(&'static str, &'static str)],
    pub(in crate::alerts) moment: &'static str,
    pub(in crate::alerts) short_moment: &'static str,
    pub(in crate::alerts) short_day: &'static str,
    pub(in crate::alerts) date: &'static str,
}

/// `{n}` is the number; hours and days are always more than one.
pub(in crate::alerts) struct Units {
    pub(in crate::alerts) moment: &'static str,
    pub(in crate::alerts) minutes: &'static str,
    pub(in crate::alerts) hours: &'static str,
    pub(in crate::alerts) days: &'static str,
}

/// One expression in the grammatical cases that sentences put it in.
pub(in crate::alerts) struct Cases {
    pub(in crate::alerts) nominative: &'static str,
    pub(in crate::alerts) accusative: &'static str,
    pub(in crate::alerts) dative: &'static str,
}

impl Cases {
    /// Where one form serves all.
    pub(super) const fn same(form: &'static str) -> Self {
        Self {
            nominative: form,
            accusative: form,
            dative: form,
        }
    }
}

/// An expression for one and for `{count}` of a thing.
pub(in crate::alerts) struct Number {
    pub(in crate::alerts) one: Cases,
    pub(in crate::alerts) many: Cases,
}

/// A cause in plain words.
pub(in crate::alerts) struct Wording {
    /// What must be done; for the app itself, what is the matter.
    pub(in crate::alerts) call: &'static str,
    /// The state of things in two words.
    pub(in crate::alerts) standing: &'static str,
    /// The cause in one sentence.
    pub(in crate::alerts) why: &'static str,
    /// What happens if nobody acts.
    pub(in crate::alerts) otherwise: &'static str,
}

/// What a step asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::alerts) enum Saying {
    LogIn,
    HandOver,
    PutIn,
    PutInWithPages,
    PutInEach,
    MakeASystemToken,
    Grant,
    PassTheCheck,
    NothingElse,
    GiveTheRoleBack,
    LookForThePage,
    ForgetThePage,
    FetchAgain,
    FetchAllAgain,
    PutEachIn,
    RemoveFromWrongApp,
    PutUnderRightApp,
    CopyTheAppSecret,
    StoreTheAppSecret,
    Restart,
    LookAfterTheApp,
    CompareTheId,
    LookForAWarning,
    LookAtTheCalls,
    WaitForMeta,
    LookAtTheAnswers,
}

/// The sentences and labels that do not depend on the cause.
pub(in crate::alerts) struct Phrases {
    // the subject
    pub(in crate::alerts) reminder: &'static str,
    pub(in crate::alerts) flapping: &'static str,
    pub(in crate::alerts) escalated: &'static str,
    pub(in crate::alerts) app_and_action: &'static str,
    pub(in crate::alerts) apps_and_action: &'static str,
    pub(in crate::alerts) action_and_about: &'static str,
    pub(in crate::alerts) by: &'static str,
    pub(in crate::alerts) new_system_user_token: &'static str,
    pub(in crate::alerts) nothing_left: &'static str,
    pub(in crate::alerts) renewed_in_time: &'static str,
    pub(in crate::alerts) working_again: &'static str,
    pub(in crate::alerts) working_again_after: &'static str,
    // whom and what it is about
    pub(in crate::alerts) the_app: &'static str,
    pub(in crate::alerts) the_apps: &'static str,
    pub(in crate::alerts) tokens_of_app: &'static str,
    pub(in crate::alerts) count_tokens_of_app: &'static str,
    pub(in crate::alerts) system_user_named: Cases,
    pub(in crate::alerts) system_user: Cases,
    pub(in crate::alerts) unknown_person: Cases,
    pub(in crate::alerts) person_by_id: Cases,
    pub(in crate::alerts) these_tokens: Number,
    pub(in crate::alerts) these_pages: Number,
    // the state of things
    pub(in crate::alerts) solved: &'static str,
    pub(in crate::alerts) closed: &'static str,
    pub(in crate::alerts) left: &'static str,
    // the body
    pub(in crate::alerts) app_is_served_again: &'static str,
    pub(in crate::alerts) tokens_work_again: &'static str,
    pub(in crate::alerts) all_removed: &'static str,
    pub(in crate::alerts) one_login_renews: &'static str,
    pub(in crate::alerts) one_login_keeps_pages: &'static str,
    pub(in crate::alerts) more_were_hit: &'static str,
    pub(in crate::alerts) comes_back: &'static str,
    pub(in crate::alerts) nobody_acted: &'static str,
    pub(in crate::alerts) log_in_button: &'static str,
    pub(in crate::alerts) what_to_do: &'static str,
    pub(in crate::alerts) if_nobody_acts: &'static str,
    pub(in crate::alerts) meanwhile: &'static str,
    pub(in crate::alerts) reminds_again: &'static str,
    pub(in crate::alerts) ending: &'static str,
    pub(in crate::alerts) ending_passed: &'static str,
    pub(in crate::alerts) ending_soon: &'static str,
    pub(in crate::alerts) from_then: &'static str,
    pub(in crate::alerts) from_now: &'static str,
    // the clocks
    pub(in crate::alerts) time_left: &'static str,
    pub(in crate::alerts) access: &'static str,
    pub(in crate::alerts) data_access: &'static str,
    pub(in crate::alerts) user_tokens: &'static str,
    pub(in crate::alerts) page_tokens: &'static str,
    pub(in crate::alerts) system_user_tokens: &'static str,
    pub(in crate::alerts) app_tokens: &'static str,
    // the list of tokens
    pub(in crate::alerts) tokens: &'static str,
    pub(in crate::alerts) and_more: &'static str,
    pub(in crate::alerts) user_token: &'static str,
    pub(in crate::alerts) page_token: &'static str,
    pub(in crate::alerts) system_user_token: &'static str,
    pub(in crate::alerts) app_token: &'static str,
    pub(in crate::alerts) not_working_since: &'static str,
    pub(in crate::alerts) not_checked_now: &'static str,
    pub(in crate::alerts) ended: &'static str,
    pub(in crate::alerts) ends: &'static str,
    pub(in crate::alerts) lacks: &'static str,
    /// Where Meta does not say which one is missing.
    pub(in crate::alerts) every_permission: &'static str,
    pub(in crate::alerts) good_until: &'static str,
    pub(in crate::alerts) good_without_end: &'static str,
    // the end of the letter
    pub(in crate::alerts) went_to_one: &'static str,
    pub(in crate::alerts) went_to: &'static str,
    pub(in crate::alerts) went_to_many: &'static str,
    pub(in crate::alerts) incident: &'static str,
    // the letter about a letter
    pub(in crate::alerts) undelivered: &'static str,
    pub(in crate::alerts) undelivered_label: &'static str,
    pub(in crate::alerts) undelivered_headline: &'static str,
    pub(in crate::alerts) undelivered_why: &'static str,
    pub(in crate::alerts) undelivered_step: &'static str,
    pub(in crate::alerts) undelivered_footer: &'static str,
    // the letter about permissions that were never granted
    pub(in crate::alerts) ungranted: &'static str,
    pub(in crate::alerts) ungranted_label: &'static str,
    pub(in crate::alerts) ungranted_headline: &'static str,
    pub(in crate::alerts) ungranted_why: &'static str,
    pub(in crate::alerts) ungranted_step: &'static str,
    pub(in crate::alerts) ungranted_footer: &'static str,
    // the letter that asks for nothing
    pub(in crate::alerts) trying: &'static str,
    pub(in crate::alerts) trying_label: &'static str,
    pub(in crate::alerts) trying_about: &'static str,
    pub(in crate::alerts) trying_why: &'static str,
    pub(in crate::alerts) trying_footer: &'static str,
}

/// What the summary for the operators says.
pub(in crate::alerts) struct Summary {
    pub(in crate::alerts) subject: &'static str,
    pub(in crate::alerts) all_work: &'static str,
    pub(in crate::alerts) some_do_not: &'static str,
    pub(in crate::alerts) all_well: &'static str,
    pub(in crate::alerts) incidents_open: &'static str,
    pub(in crate::alerts) period: &'static str,
    pub(in crate::alerts) no_tokens: &'static str,
    pub(in crate::alerts) states: &'static str,
    pub(in crate::alerts) healthy: &'static str,
    pub(in crate::alerts) expiring: &'static str,
    pub(in crate::alerts) failing: &'static str,
    pub(in crate::alerts) dead: &'static str,
    pub(in crate::alerts) unverified: &'static str,
    pub(in crate::alerts) waiting: &'static str,
    pub(in crate::alerts) incident: &'static str,
    pub(in crate::alerts) incident_of_app: &'static str,
    pub(in crate::alerts) logins: &'static str,
    pub(in crate::alerts) no_logins: &'static str,
    pub(in crate::alerts) login: &'static str,
    pub(in crate::alerts) lone_pages: &'static str,
    pub(in crate::alerts) pages_of: &'static str,
    pub(in crate::alerts) versions: &'static str,
    pub(in crate::alerts) version_of: &'static str,
    pub(in crate::alerts) version_ends: &'static str,
    pub(in crate::alerts) deeds: &'static str,
    pub(in crate::alerts) renewed: &'static str,
    pub(in crate::alerts) derived: &'static str,
    pub(in crate::alerts) resolved: &'static str,
    pub(in crate::alerts) letters: &'static str,
    pub(in crate::alerts) mail: &'static str,
    pub(in crate::alerts) undelivered: &'static str,
    pub(in crate::alerts) queued: &'static str,
    pub(in crate::alerts) next: &'static str,
}
