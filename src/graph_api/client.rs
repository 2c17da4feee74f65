//! The client: one method per Graph call.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use crate::model::{Kind, PageList, Scopes};
use crate::secret::Secret;

use super::caller::Caller;
use super::classify::Role;
use super::credentials::{Credentials, Step};
use super::debugger::Debugger;
use super::grant::{self, Grant};
use super::platform::{Inspected, Platform};
use super::responses::{self, SomePages};
use super::transport::{Answer, ROOM, ROOM_FOR_PAGES};
use super::{
    Description, Error, Inspection, PageFields, Permission, Profile, Question, Reply, Settings,
    SettingsError, Signatures, Usage, inspection,
};

/// The Graph API client of one app. Cheap to clone; clones share the connections, the accepted secret and whether Meta
/// accepts batches.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    platform: &'static Platform,
    caller: Caller,
    debugger: Debugger,
}

const PAGES_AT_A_TIME: &str = "100";
/// Allows 100,000 pages per person; more have not been seen.
const MOST_PAGE_LISTS: usize = 1_000;
/// The memory limit for all pages of a person, in bytes: more than twice what 100,000 pages need.
const ROOM_FOR_ALL_PAGES: usize = 128 << 20;

impl Client {
    pub fn new(settings: Settings) -> Result<Self, SettingsError> {
        let caller = Caller::new(&settings)?;
        let platform = settings.platform;
        let debugger = Debugger::new(settings);
        Ok(Self(Arc::new(Inner {
            platform,
            caller,
            debugger,
        })))
    }

    /// Returns the verifier for what Meta signs with one of the app's secrets.
    pub fn signatures(&self) -> Signatures {
        self.0.caller.signatures()
    }

    /// Asks Meta's debugger about tokens, up to a batch of them in one call. Results come in the order of `tokens`; a
    /// call that fails as a whole fails for each of its tokens. A rejected token is an [`Inspection`], never an
    /// [`Error::Refused`].
    pub async fn debug(&self, tokens: &[Secret]) -> Reply<Vec<Result<Inspection, Error>>> {
        let questions = tokens.iter().map(|token| Question { token, known: None });
        let questions: Vec<Question<'_>> = questions.collect();
        let no_answer = || Error::senseless(200);
        let inspection =
            |answer: Result<Description, Error>| answer?.inspection().ok_or_else(no_answer);
        let answers = self.debug_again(&questions).await;
        answers.map(|answers| answers.into_iter().map(inspection).collect())
    }

    /// The same, for tokens whose last answer is known.
    pub async fn debug_again(
        &self,
        questions: &[Question<'_>],
    ) -> Reply<Vec<Result<Description, Error>>> {
        self.0.debugger.inspect(&self.0.caller, questions).await
    }

    /// Exchanges a short-lived token for a long-lived one.
    pub async fn lengthen(&self, kind: Kind, token: &Secret) -> Reply<Result<Grant, Error>> {
        self.exchange(Step::Lengthen, kind, token).await
    }

    /// Exchanges a long-lived token for one that expires later. Where there is a debugger, only [`Client::debug`] shows
    /// whether it does.
    pub async fn renew(&self, kind: Kind, token: &Secret) -> Reply<Result<Grant, Error>> {
        self.exchange(Step::Renew, kind, token).await
    }

    async fn exchange(
        &self,
        step: Step,
        kind: Kind,
        token: &Secret,
    ) -> Reply<Result<Grant, Error>> {
        let grants = &self.0.platform.grants;
        let build = |own: &Credentials| own.exchange(grants, step, kind, token);
        let read = |answer: &Answer| grant::read(answer, Role::Exchanged);
        self.0.caller.ask(ROOM, build, read).await
    }

    /// Exchanges a login's code for a token. Meta accepts a code once. If the answer is lost, the code may or may not
    /// be used up, so it is never sent again. A code that a script got has no redirect URI.
    pub async fn redeem(
        &self,
        code: &Secret,
        redirect_uri: Option<&str>,
    ) -> Reply<Result<Grant, Error>> {
        let grants = &self.0.platform.grants;
        let code_lasts = self.0.platform.code_lasts;
        let build = |own: &Credentials| Ok(own.redeem(grants, code, redirect_uri));
        let read = |answer: &Answer| {
            let grant = grant::read(answer, Role::Exchanged)?;
            Ok(Grant {
                lasts: grant.lasts.or(code_lasts),
                ..grant
            })
        };
        self.0.caller.ask(ROOM, build, read).await
    }

    /// Reads a page's token with its parent's token. Returns `None` if the person lacks the role or the permission on
    /// the page.
    pub async fn page_token(
        &self,
        parent: &Secret,
        page: &str,
    ) -> Reply<Result<Option<Secret>, Error>> {
        let build = |own: &Credentials| own.read_as(parent, &[page], &[("fields", "access_token")]);
        let read = |answer: &Answer| responses::page_token(answer, page);
        self.0.caller.ask(ROOM, build, read).await
    }

    /// Returns every page for which the person has a role, or an error; never a part of the list.
    pub async fn accounts(
        &self,
        user: &Secret,
        fields: PageFields,
    ) -> Reply<Result<PageList, Error>> {
        let mut usage = Usage::default();
        let answer = self.all_accounts(user, fields, &mut usage).await;
        Reply { answer, usage }
    }

    /// Returns what the person granted and declined. `user_id` is the person's id; `token` is the person's or the
    /// app's.
    pub async fn permissions(
        &self,
        user_id: &str,
        token: &Secret,
    ) -> Reply<Result<Vec<Permission>, Error>> {
        let build = |own: &Credentials| own.read_as(token, &[user_id, "permissions"], &[]);
        self.0.caller.ask(ROOM, build, responses::permissions).await
    }

    /// Returns the webhook fields of the page to which the app is subscribed. `token` is the page's own.
    pub async fn subscribed_fields(
        &self,
        page: &str,
        token: &Secret,
    ) -> Reply<Result<Scopes, Error>> {
        let build = |own: &Credentials| {
            let query = [("limit", PAGES_AT_A_TIME)];
            own.read_as(token, &[page, "subscribed_apps"], &query)
        };
        let app = self.0.caller.app_id();
        let read = |answer: &Answer| responses::subscribed_fields(answer, app);
        self.0.caller.ask(ROOM_FOR_PAGES, build, read).await
    }

    /// Returns the id and name of the token's subject.
    pub async fn me(&self, token: &Secret) -> Reply<Result<Profile, Error>> {
        let fields = self.0.platform.inspection.profile_fields();
        let build = |own: &Credentials| own.read_as(token, &["me"], &[("fields", fields)]);
        self.0.caller.ask(ROOM, build, responses::profile).await
    }

    /// Returns the current time by Meta's clock, computed from its latest answer.
    pub fn time_at_meta(&self) -> Option<Timestamp> {
        self.0.caller.time_at_meta()
    }

    /// Whether a call shows that Meta accepts the app, whatever it says about tokens.
    pub fn confirms_app(&self) -> bool {
        self.0.platform.inspection == Inspected::ByApp
    }

    /// Checks that Meta accepts the app's own credentials. Without a debugger nothing shows that, so they count as good.
    pub async fn confirm_app(&self) -> Reply<Result<(), Error>> {
        if !self.confirms_app() {
            return Reply::free(Ok(()));
        }
        let build = |own: &Credentials| Ok(own.inspect_app());
        let read = |answer: &Answer| inspection::confirms_app(answer.status, &answer.body);
        self.0.caller.ask(ROOM, build, read).await
    }

    async fn all_accounts(
        &self,
        user: &Secret,
        fields: PageFields,
        usage: &mut Usage,
    ) -> Result<PageList, Error> {
        let mut all = PageList::default();
        let mut seen = HashSet::new();
        let mut cursor: Option<String> = None;
        let mut room = ROOM_FOR_ALL_PAGES;
        for _ in 0..MOST_PAGE_LISTS {
            let reply = self.some_accounts(user, fields, cursor.as_deref()).await;
            usage.absorb(reply.usage);
            let SomePages { pages, next } = reply.answer?;
            let Some(left) = room.checked_sub(pages.size() + next.as_ref().map_or(0, String::len))
            else {
                break;
            };
            room = left;
            all.append(pages);
            let Some(next) = next else {
                return Ok(all);
            };
            if !seen.insert(next.clone()) {
                break;
            }
            cursor = Some(next);
        }
        Err(Error::unreachable("Meta's list of pages does not end"))
    }

    /// Uses only the cursor of Meta's link to the next list; the host and the path are always the configured ones.
    async fn some_accounts(
        &self,
        user: &Secret,
        fields: PageFields,
        cursor: Option<&str>,
    ) -> Reply<Result<SomePages, Error>> {
        let fields = match fields {
            PageFields::Names => "id,name",
            PageFields::NamesAndTokens => "id,name,access_token",
        };
        let build = |own: &Credentials| {
            let mut query = vec![("fields", fields), ("limit", PAGES_AT_A_TIME)];
            query.extend(cursor.map(|cursor| ("after", cursor)));
            own.read_as(user, &["me", "accounts"], &query)
        };
        self.0
            .caller
            .ask(ROOM_FOR_PAGES, build, responses::accounts)
            .await
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Client({})", self.0.caller.app())
    }
}
