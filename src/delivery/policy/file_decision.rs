//! Whether a file that a sink wrote stays.

use crate::model::{Deliverable, DeliveredFile, OnDead, State};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileDecision {
    Keep,
    Remove,
}

/// What the configuration says now about the sink that wrote a file.
#[derive(Clone, Copy, Debug)]
pub struct OfSink<'a> {
    pub on_dead: OnDead,
    /// Where the sink would write the token's file today; `None` if it does not get the token.
    pub path: Option<&'a str>,
}

/// A file goes with its sink, or when the token was renamed or left the sink. When the token is dead or was forgotten,
/// its sink decides.
pub fn file_decision(
    file: &DeliveredFile,
    sink: Option<OfSink<'_>>,
    token: Option<&Deliverable>,
) -> FileDecision {
    let Some(sink) = sink else {
        return FileDecision::Remove;
    };
    let of_the_dead = match sink.on_dead {
        OnDead::Keep => FileDecision::Keep,
        OnDead::Remove => FileDecision::Remove,
    };
    match token {
        None => of_the_dead,
        Some(token) if token.state == State::Dead => of_the_dead,
        Some(_) if sink.path == Some(file.path.as_str()) => FileDecision::Keep,
        Some(_) => FileDecision::Remove,
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::wanted;
    use super::*;
    use crate::model::TokenId;

    #[test]
    fn a_file_goes_with_its_sink_its_name_or_its_token() {
        let file = DeliveredFile {
            path: "/t/acme-1".to_owned(),
            sink: "bot".to_owned(),
            token: TokenId(1),
        };
        let of = |on_dead, path| Some(OfSink { on_dead, path });
        let here = Some("/t/acme-1");
        let dead = Deliverable {
            state: State::Dead,
            ..wanted()
        };
        for (sink, token, expected) in [
            (of(OnDead::Keep, here), Some(wanted()), FileDecision::Keep),
            (of(OnDead::Remove, here), Some(wanted()), FileDecision::Keep),
            (
                of(OnDead::Keep, Some("/t/new")),
                Some(wanted()),
                FileDecision::Remove,
            ),
            (of(OnDead::Keep, None), Some(wanted()), FileDecision::Remove),
            (
                of(OnDead::Keep, here),
                Some(dead.clone()),
                FileDecision::Keep,
            ),
            (of(OnDead::Remove, here), Some(dead), FileDecision::Remove),
            (of(OnDead::Keep, None), None, FileDecision::Keep),
            (of(OnDead::Remove, None), None, FileDecision::Remove),
            (None, Some(wanted()), FileDecision::Remove),
            (None, None, FileDecision::Remove),
        ] {
            assert_eq!(
                file_decision(&file, sink, token.as_ref()),
                expected,
                "{sink:?}"
            );
        }
    }
}
