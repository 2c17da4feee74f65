//! Posts about renewed tokens, for channels that ask for them. Pure.

use crate::model::{
    Event, EventRecord, NewPost, Outcome, PostContent, PostFacts, PostKind, RenewedToken, Severity,
};

/// The post about an event of the journal; `None` unless a token was renewed.
pub(super) fn post(channel: &str, record: &EventRecord) -> Option<NewPost> {
    let Event::Rotated {
        outcome: Outcome::Renewed,
        expires_at,
    } = &record.event
    else {
        return None;
    };
    let (token, app) = (record.token.clone()?, record.app.clone()?);
    let until = expires_at.map_or_else(String::new, |end| {
        format!("It expires on {}. ", end.strftime("%F"))
    });
    // An event's number is used again after a restore, its time is not.
    let message_id = format!("renewed-{}-{}", record.id, record.at.as_second());
    Some(NewPost {
        channel: channel.to_owned(),
        incident: None,
        message_id: message_id.clone(),
        kind: PostKind::TokenRenewed,
        content: PostContent {
            thread: message_id,
            title: format!("The token {token} was renewed"),
            text: format!("{until}You do not need to do anything."),
            severity: Severity::Info,
            facts: PostFacts::Token(RenewedToken {
                token,
                app,
                expires_at: *expires_at,
            }),
        },
    })
}
