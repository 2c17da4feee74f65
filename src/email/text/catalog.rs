//! What each language's file must define: one struct per table. The meaning of a text is explained in `en.toml`.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::model::Cause;

/// A table in which every value is a text.
macro_rules! texts {
    ($(#[$doc:meta])* $name:ident { $($text:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Default, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(crate) struct $name { $(pub(crate) $text: &'static str,)+ }
    };
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Catalog {
    pub(crate) thousands: char,
    pub(crate) and: &'static str,
    pub(crate) phrases: Phrases,
    pub(crate) people: People,
    pub(crate) these_tokens: Number,
    /// The same for owners, who know no tokens.
    pub(crate) this_access: Number,
    pub(crate) these_pages: Number,
    pub(crate) calendar: Calendar,
    pub(crate) span: Units,
    pub(crate) span_after: Units,
    pub(crate) summary: Summary,
    pub(crate) instructions: BTreeMap<Instruction, &'static str>,
    pub(crate) consequences: BTreeMap<&'static str, &'static str>,
    pub(crate) causes: BTreeMap<Cause, Sentences>,
    pub(crate) refused: BTreeMap<Cause, Sentences>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Calendar {
    pub(crate) weekdays: [&'static str; 7],
    pub(crate) short_weekdays: [&'static str; 7],
    pub(crate) months: [&'static str; 12],
    pub(crate) short_months: [&'static str; 12],
    pub(crate) zones: BTreeMap<&'static str, &'static str>,
    pub(crate) moment: &'static str,
    pub(crate) short_moment: &'static str,
    pub(crate) short_day: &'static str,
    pub(crate) date: &'static str,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "'de: 'static"))]
pub(crate) struct People {
    pub(crate) system_user_named: Cases,
    pub(crate) system_user: Cases,
    pub(crate) unknown_person: Cases,
    pub(crate) person_by_id: Cases,
}

/// An expression for one and for `{count}` of something.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "'de: 'static"))]
pub(crate) struct Number {
    pub(crate) one: Cases,
    pub(crate) many: Cases,
}

texts! { Cases { nominative, accusative, dative } }
texts! { Units { moment, minutes, hours, days } }
texts! {
    /// The texts for one cause.
    Sentences { call, state, why, otherwise }
}

texts! {
    /// The sentences and labels that do not depend on the cause.
    Phrases {
        // the subject
        reminder, flapping, escalated, app_and_action, apps_and_action, sink_and_action,
        database_and_action, action_and_about, by,
        new_system_user_token, nothing_left, renewed_in_time, working_again, working_again_after,
        // what it is about
        the_app, the_apps, the_sink, the_database, tokens_of_app, count_tokens_of_app,
        // the state
        solved, closed, left, time_remaining,
        // the body
        app_is_served_again, sink_is_served_again, consumers_are_up_to_date, tokens_work_again, all_removed, another_problem,
        notice_ended, one_login_renews, button_is_safe, check_button, check_button_note,
        one_login_keeps_pages, more_were_hit, comes_back, nobody_acted, log_in_button, what_to_do,
        if_nobody_acts, meanwhile, reminds_again, ending, ending_passed, ending_soon, from_then,
        from_now,
        // the expiries
        time_left, access, data_access, user_tokens, page_tokens, system_user_tokens, app_tokens,
        instagram_tokens, threads_tokens,
        // the list of tokens
        tokens, affected, pages, and_more, login, page, system_user, app_itself, instagram_account, threads_account,
        login_for_app, user_token, page_token, system_user_token, app_token, instagram_token, threads_token,
        not_working_since,
        not_checked_now, ended, ends, lacks, every_permission, good_until, good_without_end,
        version, consumer_uses, consumer_is_silent,
        // the end of the email
        about_perennial, about_perennial_of, calendar, contact, you_operate, you_are_named, you_are_named_for_app, went_to_one, went_to, went_to_many, incident, incident_of_sink,
        incident_of_database, in_the_book,
        // the email about an undelivered email
        undelivered, undelivered_label, undelivered_headline, undelivered_why, undelivered_step,
        undelivered_footer,
        // the email about a channel that does not take messages, or takes them again
        channel_failing, channel_failing_label, channel_failing_headline, channel_failing_why,
        channel_failing_step, channel_failing_test, channel_kept, channel_working, channel_working_label, channel_working_why,
        channel_footer,
        // the email about permissions that were never granted
        ungranted, ungranted_label, ungranted_headline, ungranted_why, ungranted_step, ungranted_other_step,
        ungranted_footer,
        // the test email
        test_email, trying_label, trying_about, trying_why, trying_footer,
    }
}

texts! {
    /// The texts of the summary for the operators.
    Summary {
        subject, all_work, some_do_not, all_well, incidents_open, period, no_tokens, no_tokens_label, states,
        failing, unverified, working, need_login, not_working, renewed_change, broken_change, mended_change, waiting, incident, incident_of_app, incident_of_sink, logins,
        login, single_admin_pages, pages_of, versions, version_of, version_ends,
        activity, no_activity, added, removed, broken, mended, renewed, derived, opened, resolved, emails, mail, undelivered, queued, next,
    }
}

/// What a step asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
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
    SetANewerVersion,
    Reload,
    LookForAWarning,
    LookAtTheCalls,
    WaitForMeta,
    LookAtTheAnswers,
    LookAtTheDeliveries,
    DeliverAgain,
    LookAtTheConsumers,
    ConfirmTheVersion,
    RetireTheConsumer,
    RepeatWhatIsMissing,
    LetCommitsWait,
    AcknowledgeTheLoss,
}
