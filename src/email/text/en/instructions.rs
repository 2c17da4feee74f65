//! What to do, in English.

use crate::email::text::Instruction;

#[expect(clippy::too_many_lines, reason = "a table of sentences")]
pub(super) fn instruction(instruction: Instruction) -> &'static str {
    match instruction {
        Instruction::LogIn => {
            "Log in to app {app} with Facebook as {person}, the same way as the first time. Leave every page selected."
        }
        Instruction::HandOver => {
            "Send the new access token to the operator ({operators}) in a secure way, not by email."
        }
        Instruction::PutIn => "The operator then imports the token:",
        Instruction::PutInWithPages => {
            "The operator then imports the token, and Perennial fetches new page tokens:"
        }
        Instruction::PutInEach => {
            "The operator then imports the token, once for each name in the list below:"
        }
        Instruction::MakeASystemToken => {
            "Open the system users in the business settings. You need to be an administrator of the business. Select \
             {person} and generate a new token for app {app} with the same permissions:"
        }
        Instruction::Grant => {
            "Log in to app {app} with Facebook as {person}, the same way as the first time. Allow {missing}."
        }
        Instruction::PassTheCheck => {
            "Log in to Facebook in a browser as {person} and complete the security check:"
        }
        Instruction::NothingElse => {
            "That is all. Perennial asks Meta every day and sends an email when it works again."
        }
        Instruction::GiveTheRoleBack => {
            "Ask a person with full control of {page} to give {person} access again (page settings, page access)."
        }
        Instruction::LookForThePage => {
            "Log in to Facebook as {person} and check whether you can still see {page}. If you cannot, ask for access \
             again."
        }
        Instruction::ForgetThePage => "If a page no longer exists, the operator removes its token:",
        Instruction::FetchAgain => {
            "Copy the access token again from where it was created. It must be complete and made for Facebook."
        }
        Instruction::FetchAllAgain => {
            "Copy the access tokens again from where they were created. They must be complete and made for Facebook."
        }
        Instruction::PutEachIn => "Import each of them:",
        Instruction::RemoveFromWrongApp => {
            "Make sure that you have the access {token itself|tokens themselves}. Then remove {it|each of them} from \
             the wrong app:"
        }
        Instruction::PutUnderRightApp => "Import {it|each of them} under the app that issued it:",
        Instruction::CopyTheAppSecret => "Copy the app secret from the app's basic settings:",
        Instruction::StoreTheAppSecret => {
            "Save it in the place that `secret` of app {app} in perennial.toml points to."
        }
        Instruction::Restart => "Restart Perennial so that it reads the secret:",
        Instruction::LookAfterTheApp => {
            "Check that the app still exists, is switched on and has no warning:"
        }
        Instruction::CompareTheId => "Compare its ID with the id of app {app} in perennial.toml.",
        Instruction::LookForAWarning => "Check the app's dashboard for a warning:",
        Instruction::LookAtTheCalls => {
            "Check what uses up the calls. Another program may share the app:"
        }
        Instruction::WaitForMeta => {
            "You do not need to do anything. Meta reports its own outages here:"
        }
        Instruction::LookAtTheAnswers => {
            "Check what Meta answered, and whether there is a newer version of Perennial:"
        }
    }
}
