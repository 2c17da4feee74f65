//! Each cause in English.

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

const CUT_OFF: &str = "Whatever uses {these} stays cut off from Facebook: messages, posts, leads.";

const EXPIRES_SOON: Sentences = Sentences {
    call: "Log in to Facebook{by}",
    state: "Due now",
    why: "The access of app {app} through {person} ends {ending}, and Meta lets only a person renew it.",
    otherwise: "{from} whatever uses {these} is cut off from Facebook: messages, posts, leads.",
};

const EXPIRED: Sentences = Sentences {
    call: "Log in to Facebook again",
    state: "Not working",
    why: "The access of app {app} through {person} has run out.",
    otherwise: CUT_OFF,
};

const DATA_ACCESS_EXPIRES_SOON: Sentences = Sentences {
    call: "Log in to Facebook{by}",
    state: "Due now",
    why: "Facebook shows an app a person's data for 90 days after the last login; \
          for {person} and app {app} this ends {ending}.",
    otherwise: "{from} whatever reads data through {these} gets nothing, although the login still seems to work.",
};

const DATA_ACCESS_EXPIRED: Sentences = Sentences {
    call: "Log in to Facebook again",
    state: "Partly working",
    why: "{person} last logged in to app {app} more than 90 days ago, so Facebook no longer shows it any data.",
    otherwise: "Whatever reads data through {these} goes on getting nothing.",
};

const PASSWORD_CHANGED: Sentences = Sentences {
    call: "Log in to Facebook again",
    state: "Not working",
    why: "The Facebook password of {person} was changed, or reset by Facebook, and that ended every access \
          given before.",
    otherwise: CUT_OFF,
};

const APP_REMOVED: Sentences = Sentences {
    call: "Log in to Facebook again",
    state: "Not working",
    why: "The app {app} was removed from the Facebook settings of {person}, and its access with it.",
    otherwise: CUT_OFF,
};

const SESSION_ENDED: Sentences = Sentences {
    call: "Log in to Facebook again",
    state: "Not working",
    why: "Facebook has ended the access of app {app} through {person}, and does not say why.",
    otherwise: CUT_OFF,
};

const REPLACED_ELSEWHERE: Sentences = Sentences {
    call: "Log in to Facebook again",
    state: "Not working",
    why: "Facebook has ended the access of app {app} to {page} alone, as it may do when somebody generates a new \
          token for the page by hand.",
    otherwise: CUT_OFF,
};

const CHECKPOINT: Sentences = Sentences {
    call: "Pass Facebook's security check",
    state: "Not working",
    why: "Facebook has locked the account of {person} until a security check is passed.",
    otherwise: CUT_OFF,
};

const PAGE_ROLE_LOST: Sentences = Sentences {
    call: "Get the page role back",
    state: "Not working",
    why: "{person} no longer has a role that lets app {app} work for {page}.",
    otherwise: CUT_OFF,
};

const PAGE_GONE: Sentences = Sentences {
    call: "Look for missing pages",
    state: "Not working",
    why: "Facebook no longer shows {page} to {person}: deleted or hidden, or the access was taken away.",
    otherwise: CUT_OFF,
};

const PERMISSION_MISSING: Sentences = Sentences {
    call: "Grant missing permissions",
    state: "Partly working",
    why: "App {app} needs permissions that {person} has not granted, or has taken back: {missing}.",
    otherwise: "Whatever needs these permissions goes on failing; the rest works.",
};

const UNREADABLE: Sentences = Sentences {
    call: "Put in again what Meta cannot read",
    state: "Not working",
    why: "Meta cannot read {these}: cut off, altered, or made for another platform such as Instagram.",
    otherwise: CUT_OFF,
};

const WRONG_APP: Sentences = Sentences {
    call: "Move to the right app",
    state: "Not checked",
    why: "Meta says that {these} came from another app, not from {app}.",
    otherwise: "Perennial can neither check nor renew {these}.",
};

const APP_SECRET_WRONG: Sentences = Sentences {
    call: "Meta refuses the app secret",
    state: "Standing still",
    why: "Meta refuses the secret that Perennial has for app {app}; it was probably reset in the app's dashboard.",
    otherwise: "Perennial can neither check nor renew any token of app {app}. Those that work are handed \
                out as before, those that run out meanwhile are lost.",
};

const APP_UNAVAILABLE: Sentences = Sentences {
    call: "Meta does not accept the app",
    state: "Standing still",
    why: "Meta says that app {app} does not exist, is switched off, or may not be used.",
    otherwise: APP_SECRET_WRONG.otherwise,
};

const BLOCKED: Sentences = Sentences {
    call: "Meta blocks its calls",
    state: "Waiting for Meta",
    why: "Meta has blocked the calls of app {app}, for its policies or because it takes them for abuse.",
    otherwise: "Perennial keeps trying and writes when app {app} is served again. Until then none of its tokens is \
                checked or renewed; those that work are handed out as before.",
};

const THROTTLED: Sentences = Sentences {
    call: "Meta limits its calls",
    state: "Waiting for Meta",
    why: "For more than a day Meta has let app {app} make hardly any calls.",
    otherwise: BLOCKED.otherwise,
};

const OUTAGE: Sentences = Sentences {
    call: "Meta does not answer",
    state: "Waiting for Meta",
    why: "For more than half an hour Meta has not answered app {app}, or only with faults of its own.",
    otherwise: BLOCKED.otherwise,
};

const UNEXPLAINED: Sentences = Sentences {
    call: "Meta answers what Perennial does not understand",
    state: "Waiting for Meta",
    why: "For more than half an hour Meta has answered app {app} in a way that this version of Perennial does not \
          understand.",
    otherwise: BLOCKED.otherwise,
};

const DATA_ACCESS_REFUSED: Sentences = Sentences {
    call: DATA_ACCESS_EXPIRED.call,
    state: "Not working",
    why: "{person} last used app {app} more than 90 days ago, so Facebook refuses {these} until {person} logs in again.",
    otherwise: CUT_OFF,
};

const PERMISSION_REFUSED: Sentences = Sentences {
    call: PERMISSION_MISSING.call,
    state: "Not working",
    why: "Facebook refuses {these} because {person} has not granted app {app} a permission that it needs, or has \
          taken it back.",
    otherwise: CUT_OFF,
};

const APP_REFUSED: Sentences = Sentences {
    call: APP_UNAVAILABLE.call,
    state: "Not working",
    why: "Meta does not let app {app} use {these}, although Meta accepts the app itself.",
    otherwise: CUT_OFF,
};
