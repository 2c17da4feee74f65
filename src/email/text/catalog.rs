//! The texts that every language must define. Parts in braces are placeholders.

use crate::model::Cause;

pub(crate) struct Catalogue {
    pub(crate) calendar: Calendar,
    /// The separator between groups of three digits.
    pub(crate) thousands: char,
    /// The text before the last item of a list.
    pub(crate) and: &'static str,
    /// An amount of time.
    pub(crate) span: Units,
    /// The same, as used after "in" or "after".
    pub(crate) span_after: Units,
    pub(crate) catalog: Catalog,
    pub(crate) summary: Summary,
    pub(crate) wording: fn(Cause) -> &'static Sentences,
    /// For a cause with which tokens may still work in part: the texts for tokens that Meta refuses.
    pub(crate) wording_when_refused: fn(Cause) -> Option<&'static Sentences>,
    pub(crate) instruction: fn(Instruction) -> &'static str,
}

/// Names and formats of dates and times. A format may use `{weekday}`, `{day}`, `{month}`, `{year}`, `{time}` and
/// `{zone}`, and the short names `{wd}` and `{mon}`.
pub(crate) struct Calendar {
    /// Starting with Monday.
    pub(crate) weekdays: [&'static str; 7],
    pub(crate) short_weekdays: [&'static str; 7],
    pub(crate) months: [&'static str; 12],
    pub(crate) short_months: [&'static str; 12],
    /// Abbreviations of time zones that differ from the machine's.
    pub(crate) zones: &'static [(&'static str, &'static str)],
    pub(crate) moment: &'static str,
    pub(crate) short_moment: &'static str,
    pub(crate) short_day: &'static str,
    pub(crate) date: &'static str,
}

/// `{n}` is the number; hours and days are always more than one.
pub(crate) struct Units {
    pub(crate) moment: &'static str,
    pub(crate) minutes: &'static str,
    pub(crate) hours: &'static str,
    pub(crate) days: &'static str,
}

/// One expression in the grammatical cases that the sentences need.
pub(crate) struct Cases {
    pub(crate) nominative: &'static str,
    pub(crate) accusative: &'static str,
    pub(crate) dative: &'static str,
}

impl Cases {
    /// An expression with the same form in all cases.
    pub(super) const fn same(form: &'static str) -> Self {
        Self {
            nominative: form,
            accusative: form,
            dative: form,
        }
    }
}

/// An expression for one and for `{count}` of something.
pub(crate) struct Number {
    pub(crate) one: Cases,
    pub(crate) many: Cases,
}

/// The texts for one cause.
pub(crate) struct Sentences {
    /// What to do; for the app itself, what is wrong.
    pub(crate) call: &'static str,
    /// The state in a few words.
    pub(crate) state: &'static str,
    /// The cause in one sentence.
    pub(crate) why: &'static str,
    /// What happens if nobody acts.
    pub(crate) otherwise: &'static str,
}

/// What a step asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Instruction {
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
pub(crate) struct Catalog {
    // the subject
    pub(crate) reminder: &'static str,
    pub(crate) flapping: &'static str,
    pub(crate) escalated: &'static str,
    pub(crate) app_and_action: &'static str,
    pub(crate) apps_and_action: &'static str,
    pub(crate) action_and_about: &'static str,
    pub(crate) by: &'static str,
    pub(crate) new_system_user_token: &'static str,
    pub(crate) nothing_left: &'static str,
    pub(crate) renewed_in_time: &'static str,
    pub(crate) working_again: &'static str,
    pub(crate) working_again_after: &'static str,
    // the people and tokens that it is about
    pub(crate) the_app: &'static str,
    pub(crate) the_apps: &'static str,
    pub(crate) tokens_of_app: &'static str,
    pub(crate) count_tokens_of_app: &'static str,
    pub(crate) system_user_named: Cases,
    pub(crate) system_user: Cases,
    pub(crate) unknown_person: Cases,
    pub(crate) person_by_id: Cases,
    pub(crate) these_tokens: Number,
    pub(crate) these_pages: Number,
    // the state
    pub(crate) solved: &'static str,
    pub(crate) closed: &'static str,
    pub(crate) left: &'static str,
    /// The same within a line.
    pub(crate) time_remaining: &'static str,
    // the body
    pub(crate) app_is_served_again: &'static str,
    pub(crate) tokens_work_again: &'static str,
    pub(crate) all_removed: &'static str,
    pub(crate) one_login_renews: &'static str,
    pub(crate) one_login_keeps_pages: &'static str,
    pub(crate) more_were_hit: &'static str,
    pub(crate) comes_back: &'static str,
    pub(crate) nobody_acted: &'static str,
    pub(crate) log_in_button: &'static str,
    pub(crate) what_to_do: &'static str,
    pub(crate) if_nobody_acts: &'static str,
    pub(crate) meanwhile: &'static str,
    pub(crate) reminds_again: &'static str,
    pub(crate) ending: &'static str,
    pub(crate) ending_passed: &'static str,
    pub(crate) ending_soon: &'static str,
    pub(crate) from_then: &'static str,
    pub(crate) from_now: &'static str,
    // the expiries
    pub(crate) time_left: &'static str,
    pub(crate) access: &'static str,
    pub(crate) data_access: &'static str,
    pub(crate) user_tokens: &'static str,
    pub(crate) page_tokens: &'static str,
    pub(crate) system_user_tokens: &'static str,
    pub(crate) app_tokens: &'static str,
    // the list of tokens
    pub(crate) tokens: &'static str,
    pub(crate) and_more: &'static str,
    pub(crate) user_token: &'static str,
    pub(crate) page_token: &'static str,
    pub(crate) system_user_token: &'static str,
    pub(crate) app_token: &'static str,
    pub(crate) not_working_since: &'static str,
    pub(crate) not_checked_now: &'static str,
    pub(crate) ended: &'static str,
    pub(crate) ends: &'static str,
    pub(crate) lacks: &'static str,
    /// Used if Meta does not say which permission is missing.
    pub(crate) every_permission: &'static str,
    pub(crate) good_until: &'static str,
    pub(crate) good_without_end: &'static str,
    // the end of the email
    pub(crate) about_perennial: &'static str,
    pub(crate) went_to_one: &'static str,
    pub(crate) went_to: &'static str,
    pub(crate) went_to_many: &'static str,
    pub(crate) incident: &'static str,
    // the email about an undelivered email
    pub(crate) undelivered: &'static str,
    pub(crate) undelivered_label: &'static str,
    pub(crate) undelivered_headline: &'static str,
    pub(crate) undelivered_why: &'static str,
    pub(crate) undelivered_step: &'static str,
    pub(crate) undelivered_footer: &'static str,
    // the email about permissions that were never granted
    pub(crate) ungranted: &'static str,
    pub(crate) ungranted_label: &'static str,
    pub(crate) ungranted_headline: &'static str,
    pub(crate) ungranted_why: &'static str,
    pub(crate) ungranted_step: &'static str,
    pub(crate) ungranted_footer: &'static str,
    // the test email
    pub(crate) test_email: &'static str,
    pub(crate) trying_label: &'static str,
    pub(crate) trying_about: &'static str,
    pub(crate) trying_why: &'static str,
    pub(crate) trying_footer: &'static str,
}

/// The texts of the summary for the operators.
pub(crate) struct Summary {
    pub(crate) subject: &'static str,
    pub(crate) all_work: &'static str,
    pub(crate) some_do_not: &'static str,
    pub(crate) all_well: &'static str,
    pub(crate) incidents_open: &'static str,
    pub(crate) period: &'static str,
    pub(crate) no_tokens: &'static str,
    pub(crate) states: &'static str,
    pub(crate) healthy: &'static str,
    pub(crate) expiring: &'static str,
    pub(crate) failing: &'static str,
    pub(crate) dead: &'static str,
    pub(crate) unverified: &'static str,
    pub(crate) waiting: &'static str,
    pub(crate) incident: &'static str,
    pub(crate) incident_of_app: &'static str,
    pub(crate) logins: &'static str,
    pub(crate) no_logins: &'static str,
    pub(crate) login: &'static str,
    pub(crate) single_admin_pages: &'static str,
    pub(crate) pages_of: &'static str,
    pub(crate) versions: &'static str,
    pub(crate) version_of: &'static str,
    pub(crate) version_ends: &'static str,
    pub(crate) activity: &'static str,
    pub(crate) renewed: &'static str,
    pub(crate) derived: &'static str,
    pub(crate) resolved: &'static str,
    pub(crate) emails: &'static str,
    pub(crate) mail: &'static str,
    pub(crate) undelivered: &'static str,
    pub(crate) queued: &'static str,
    pub(crate) next: &'static str,
}
