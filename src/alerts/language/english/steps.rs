//! What to do, in English.

use crate::alerts::language::Saying;

pub(super) fn saying(saying: Saying) -> &'static str {
    match saying {
        Saying::LogIn => {
            "{person} logs in to app {app} with Facebook, in the same way as the first time, and leaves every page \
             ticked."
        }
        Saying::HandOver => {
            "The new access token goes to the operator ({operators}) by a safe way, not by mail."
        }
        Saying::PutIn => "The operator puts it in:",
        Saying::PutInWithPages => "The operator puts it in; page tokens follow by themselves:",
        Saying::PutInEach => "The operator puts it in, once for each name in the list below:",
        Saying::MakeASystemToken => {
            "An administrator of the business opens the system users in the business settings, picks {person} and \
             makes a new token for app {app} with the same permissions."
        }
        Saying::Grant => {
            "{person} logs in to app {app} with Facebook, in the same way as the first time, and allows {missing}."
        }
        Saying::PassTheCheck => {
            "{person} logs in to Facebook in a browser and follows the security check."
        }
        Saying::NothingElse => {
            "Nothing else: Perennial asks Meta every day and writes as soon as it works."
        }
        Saying::GiveTheRoleBack => {
            "Somebody with full control of {page} gives {person} access again: page settings, page access."
        }
        Saying::LookForThePage => {
            "{person} looks on Facebook whether {page} can still be seen, and has the access given back."
        }
        Saying::ForgetThePage => "If a page is gone for good, the operator removes its token:",
        Saying::FetchAgain => {
            "Get the access token once more from where it was made, whole and for Facebook."
        }
        Saying::FetchAllAgain => {
            "Get the access tokens once more from where they were made, whole and for Facebook."
        }
        Saying::PutEachIn => "Put each of them in:",
        Saying::RemoveFromWrongApp => {
            "With the token itself at hand, remove what stands under the wrong app:"
        }
        Saying::PutUnderRightApp => "Put it in again under the app that it came from:",
        Saying::CopyTheAppSecret => "Copy the app secret from the app's basic settings.",
        Saying::StoreTheAppSecret => {
            "Put it where `secret` of app {app} points to in perennial.toml."
        }
        Saying::Restart => "Start Perennial anew, so that it reads the secret:",
        Saying::LookAfterTheApp => {
            "Look whether the app is still there, switched on, and without a warning."
        }
        Saying::CompareTheId => "Compare its id with the one of app {app} in perennial.toml.",
        Saying::LookForAWarning => "Look for a warning in the app's dashboard.",
        Saying::LookAtTheCalls => {
            "Look at what uses up the calls; perhaps another program shares the app:"
        }
        Saying::WaitForMeta => "Nothing now. Meta tells here about its own troubles:",
        Saying::LookAtTheAnswers => "Look at what Meta said, and for a newer version of Perennial:",
    }
}
