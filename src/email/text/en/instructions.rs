//! What to do, in English.

use crate::email::text::Instruction;

pub(super) fn instruction(instruction: Instruction) -> &'static str {
    match instruction {
        Instruction::LogIn => {
            "{person} logs in to app {app} with Facebook, in the same way as the first time, and leaves every page \
             ticked."
        }
        Instruction::HandOver => {
            "The new access token goes to the operator ({operators}) by a safe way, not by mail."
        }
        Instruction::PutIn => "The operator puts it in:",
        Instruction::PutInWithPages => "The operator puts it in; page tokens follow by themselves:",
        Instruction::PutInEach => "The operator puts it in, once for each name in the list below:",
        Instruction::MakeASystemToken => {
            "An administrator of the business opens the system users in the business settings, picks {person} and \
             makes a new token for app {app} with the same permissions."
        }
        Instruction::Grant => {
            "{person} logs in to app {app} with Facebook, in the same way as the first time, and allows {missing}."
        }
        Instruction::PassTheCheck => {
            "{person} logs in to Facebook in a browser and follows the security check."
        }
        Instruction::NothingElse => {
            "Nothing else: Perennial asks Meta every day and writes as soon as it works."
        }
        Instruction::GiveTheRoleBack => {
            "Somebody with full control of {page} gives {person} access again: page settings, page access."
        }
        Instruction::LookForThePage => {
            "{person} looks on Facebook whether {page} can still be seen, and has the access given back."
        }
        Instruction::ForgetThePage => "If a page is gone for good, the operator removes its token:",
        Instruction::FetchAgain => {
            "Get the access token once more from where it was made, whole and for Facebook."
        }
        Instruction::FetchAllAgain => {
            "Get the access tokens once more from where they were made, whole and for Facebook."
        }
        Instruction::PutEachIn => "Put each of them in:",
        Instruction::RemoveFromWrongApp => {
            "With the token itself at hand, remove what stands under the wrong app:"
        }
        Instruction::PutUnderRightApp => "Put it in again under the app that it came from:",
        Instruction::CopyTheAppSecret => "Copy the app secret from the app's basic settings.",
        Instruction::StoreTheAppSecret => {
            "Put it where `secret` of app {app} points to in perennial.toml."
        }
        Instruction::Restart => "Start Perennial anew, so that it reads the secret:",
        Instruction::LookAfterTheApp => {
            "Look whether the app is still there, switched on, and without a warning."
        }
        Instruction::CompareTheId => "Compare its id with the one of app {app} in perennial.toml.",
        Instruction::LookForAWarning => "Look for a warning in the app's dashboard.",
        Instruction::LookAtTheCalls => {
            "Look at what uses up the calls; perhaps another program shares the app:"
        }
        Instruction::WaitForMeta => "Nothing now. Meta tells here about its own troubles:",
        Instruction::LookAtTheAnswers => {
            "Look at what Meta said, and for a newer version of Perennial:"
        }
    }
}
