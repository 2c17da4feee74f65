//! What each language's file must define for the public pages. The meaning of a text is explained in `pages.en.toml`.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::model::Cause;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "'de: 'static"))]
pub(crate) struct PageTexts {
    pub(crate) common: CommonTexts,
    pub(crate) invitation: InvitationTexts,
    pub(crate) check: CheckTexts,
    pub(crate) result: ResultTexts,
    pub(crate) failure: FailureTexts,
    pub(crate) deletion: DeletionTexts,
    pub(crate) short: ShortTexts,
    pub(crate) rows: RowTexts,
    pub(crate) causes: BTreeMap<Cause, &'static str>,
}

texts! { CommonTexts {
    login, of_platform, person_by_id, right_person, ask_contact, ask_operator, link_until,
    expired_headline, expired, unknown_headline, unknown, nothing_left_headline, nothing_left,
    too_late_headline, too_late, one_moment, asking, slow, safe_title, safe_address,
    safe_address_of, safe_login, safe_nothing_else,
} }
texts! { InvitationTexts {
    log_in_as, log_in_to, for_app, reauthorize, grant_permissions, log_in, how_as, how, button,
    what_for, scopes, only_for, only_for_you,
} }
texts! { CheckTexts {
    label, checkpoint_headline, checkpoint, role_headline, role, button, what_for, checking,
    still_headline, still,
} }
texts! { ResultTexts {
    done, unfinished, failed, not_possible, waiting_one, waiting_many, all_works, fewer_headline, left_out_headline, missing_one,
    missing_many, confirming, fewer, mismatch, declined, left_out, and_more, still_missing,
    not_confirmed, works, good_until, good_without_end, close, keep_open, link_over, again,
} }
texts! { FailureTexts {
    wrong_person_headline, wrong_person, wrong_person_named, nothing_kept, log_out_first,
    not_allowed_headline, not_allowed, app_refused_headline, app_refused, too_long_headline,
    too_long, redirect_refused_headline, redirect_refused, no_answer_headline, no_answer,
    unusable_headline, error_code,
} }
texts! { DeletionTexts {
    label, code, requested, running_headline, running, done_headline, on, no_access, access_one,
    access_many, gone, kept,
} }
texts! { ShortTexts {
    nothing_label, nothing_headline, nothing, wait_label, too_many_headline, too_many,
    too_slow_headline, too_slow, unavailable_headline, unavailable,
} }
texts! { RowTexts {
    page, login, system_user, unconfirmed, lacks, works, good_until,
} }
