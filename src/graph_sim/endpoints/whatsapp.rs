//! WhatsApp Business Accounts: the account, its phone numbers, and the apps that are subscribed to it.

use serde_json::{Map, Value, json};

use super::answer::GraphError;
use super::caller::{self, Caller};
use super::field_syntax;
use super::node;
use super::request::{Method, Request};
use super::revoke::SUCCESS;
use crate::graph_sim::world::{AppKey, Id, PhoneNumber, World};

/// What an answer contains if the caller names no fields.
const FIELDS: &str = "id,name,timezone_id,message_template_namespace";
const PHONE_FIELDS: &str = "verified_name,code_verification_status,display_phone_number,\
                            quality_rating,platform_type,throughput,id";
/// Fields that Meta knows and that are never set here.
const UNSET: [&str; 9] = [
    "business_verification_status",
    "disable_marketing_messages_on_cloud_api",
    "health_status",
    "is_enabled_for_insights",
    "marketing_messages_lite_api_status",
    "marketing_messages_onboarding_status",
    "on_behalf_of_business_info",
    "primary_business_location",
    "subscribed_apps",
];
const UNSET_OF_PHONES: [&str; 20] = [
    "account_mode",
    "certificate",
    "conversational_automation",
    "country_code",
    "country_dial_code",
    "eligibility_for_api_business_global_search",
    "health_status",
    "is_official_business_account",
    "is_on_biz_app",
    "is_pin_enabled",
    "is_preverified_number",
    "last_onboarded_time",
    "name_status",
    "new_certificate",
    "new_name_status",
    "quality_score",
    "search_visibility",
    "status",
    "webhook_configuration",
    "whatsapp_business_manager_messaging_limit",
];

pub(super) fn account(
    world: &World,
    request: &Request<'_>,
    id: &str,
) -> Result<String, GraphError> {
    let (_, account) = reached(world, request, id)?;
    let wanted = request.params.get("fields").unwrap_or(FIELDS);
    described(wanted, |field| of_account(world, account, field)).map(|found| found.to_string())
}

pub(super) fn phone_numbers(
    world: &World,
    request: &Request<'_>,
    id: &str,
) -> Result<String, GraphError> {
    let (_, account) = reached(world, request, id)?;
    let wanted = request.params.get("fields").unwrap_or(PHONE_FIELDS);
    let (_, account) = world
        .whatsapp_account(&account.to_string())
        .ok_or_else(|| node::missing(id, request))?;
    let name = account.name.as_str();
    let numbers = account.phone_numbers.iter();
    let numbers = numbers.map(|number| described(wanted, |field| of_phone(name, number, field)));
    let data = numbers.collect::<Result<Vec<_>, _>>()?;
    Ok(json!({ "data": data }).to_string())
}

/// The app of the token subscribes itself.
pub(super) fn subscribed_apps(
    world: &mut World,
    request: &Request<'_>,
    id: &str,
) -> Result<String, GraphError> {
    let (app, account) = reached(world, request, id)?;
    match request.method() {
        Method::Get => Ok(subscriptions(world, account)),
        Method::Post => {
            world.subscribe(account, app, Vec::new());
            Ok(SUCCESS.to_owned())
        }
        Method::Delete => {
            world.unsubscribe(account, app);
            Ok(SUCCESS.to_owned())
        }
    }
}

/// An account that is not shared with the caller is refused with code 200, which says nothing about the token.
fn reached(world: &World, request: &Request<'_>, id: &str) -> Result<(AppKey, Id), GraphError> {
    let Caller::Token(key) = caller::identify(world, request)? else {
        return Err(caller::needs_active_token());
    };
    let (account, _) = world
        .whatsapp_account(id)
        .ok_or_else(|| node::missing(id, request))?;
    if world.reaches_whatsapp_account(key, account) {
        return Ok((world.token(key).app, account));
    }
    let message = "(#200) You do not have permission to access this WhatsApp Business Account";
    Err(GraphError::oauth(200, message).with_status(403))
}

fn subscriptions(world: &World, account: Id) -> String {
    let app = |app: AppKey| {
        let app = world.app(app);
        let link = format!("https://www.facebook.com/games/?app_id={}", app.id);
        json!({"whatsapp_business_api_data": {"id": app.id, "link": link, "name": app.name}})
    };
    let apps = world.subscriptions(account).map(|(key, _)| app(key));
    json!({ "data": apps.collect::<Vec<_>>() }).to_string()
}

/// The requested fields; one that is not set is left out.
fn described(
    fields: &str,
    value_of: impl Fn(&str) -> Result<Option<Value>, GraphError>,
) -> Result<Value, GraphError> {
    let mut answer = Map::new();
    let fields = field_syntax::parse(fields)?;
    let names = fields.iter().map(|field| field.name.as_str());
    for name in ["id"].into_iter().chain(names) {
        answer.extend(value_of(name)?.map(|value| (name.to_owned(), value)));
    }
    Ok(answer.into())
}

fn of_account(world: &World, id: Id, field: &str) -> Result<Option<Value>, GraphError> {
    let Some((_, account)) = world.whatsapp_account(&id.to_string()) else {
        return Ok(None);
    };
    let business = account.business;
    Ok(Some(match field {
        "id" => id.to_string().into(),
        "name" => account.name.as_str().into(),
        "timezone_id" => "1".into(),
        "message_template_namespace" => format!("namespace_{id}").into(),
        "currency" => "USD".into(),
        "country" => "US".into(),
        "status" => "ACTIVE".into(),
        "account_review_status" => "APPROVED".into(),
        "ownership_type" => "CLIENT_OWNED".into(),
        "owner_business_info" => {
            json!({"id": business.to_string(), "name": world.business_name(business)})
        }
        other => return unset(other, &UNSET),
    }))
}

fn of_phone(name: &str, number: &PhoneNumber, field: &str) -> Result<Option<Value>, GraphError> {
    Ok(Some(match field {
        "id" => number.id.to_string().into(),
        "verified_name" => name.into(),
        "display_phone_number" => number.number.as_str().into(),
        "code_verification_status" => "VERIFIED".into(),
        "quality_rating" => "GREEN".into(),
        "platform_type" => "CLOUD_API".into(),
        "throughput" => json!({"level": "STANDARD"}),
        other => return unset(other, &UNSET_OF_PHONES),
    }))
}

fn unset(field: &str, known: &[&str]) -> Result<Option<Value>, GraphError> {
    if known.contains(&field) {
        return Ok(None);
    }
    let message = format!("(#100) Tried accessing nonexisting field ({field})");
    Err(GraphError::oauth(100, message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph_sim::endpoints::respond;
    use crate::graph_sim::world::{AppSpec, EmbeddedSignup, SystemUserValidity};

    const APP: &str = "257422819769992";

    fn world() -> (World, String, String) {
        let mut world = World::new("2026-12-01T12:00:00Z".parse().unwrap(), 7);
        world.add_app(AppSpec {
            id: APP.to_owned(),
            secret: "secret".to_owned(),
            name: "demo".to_owned(),
            ..AppSpec::default()
        });
        let business = world.add_business("Bakery Ltd");
        let account = world.add_whatsapp_account(&business, "Bakery").unwrap();
        (world, business, account)
    }

    fn call(world: &mut World, method: Method, url: &str) -> (u16, Value) {
        let answer = respond(world, &Request::new(method, url));
        (answer.status, serde_json::from_str(&answer.body).unwrap())
    }

    fn get(world: &mut World, url: &str) -> (u16, Value) {
        call(world, Method::Get, url)
    }

    fn signed_up(world: &mut World, business: &str, account: &str) -> Value {
        let signup = EmbeddedSignup {
            app: APP.to_owned(),
            business: business.to_owned(),
            scopes: vec!["whatsapp_business_management".to_owned()],
            whatsapp_accounts: Some(vec![account.to_owned()]),
            validity: SystemUserValidity::SixtyDays,
        };
        let code = world.embedded_signup(&signup).unwrap();
        let url = format!("/oauth/access_token?client_id={APP}&client_secret=secret&code={code}");
        let (status, granted) = get(world, &url);
        assert_eq!(status, 200, "{granted}");
        granted
    }

    #[test]
    fn the_code_of_a_signup_gives_a_token_that_names_its_accounts() {
        let (mut world, business, account) = world();
        let granted = signed_up(&mut world, &business, &account);
        assert_eq!(granted["expires_in"], 60 * 24 * 3_600);
        let token = granted["access_token"].as_str().unwrap();
        let url = format!("/debug_token?input_token={token}&access_token={APP}|secret");
        let (_, described) = get(&mut world, &url);
        let data = &described["data"];
        assert_eq!(data["type"], "SYSTEM_USER");
        assert_eq!(data["data_access_expires_at"], 0);
        let expected = json!([{"scope": "whatsapp_business_management", "target_ids": [account]}]);
        assert_eq!(data["granular_scopes"], expected);
    }

    #[test]
    fn an_account_that_is_taken_away_is_refused_and_the_token_lives() {
        let (mut world, business, account) = world();
        let granted = signed_up(&mut world, &business, &account);
        let token = granted["access_token"].as_str().unwrap();
        let own = format!("/{account}?access_token={token}");
        assert_eq!(get(&mut world, &own).1["name"], "Bakery");
        let subscribe = format!("/{account}/subscribed_apps?access_token={token}");
        assert_eq!(call(&mut world, Method::Post, &subscribe).0, 200);
        let (_, apps) = get(&mut world, &subscribe);
        assert_eq!(apps["data"][0]["whatsapp_business_api_data"]["id"], APP);
        let phones = format!("/{account}/phone_numbers?access_token={token}");
        assert_eq!(
            get(&mut world, &phones).1["data"][0]["verified_name"],
            "Bakery"
        );

        world.unshare_whatsapp_account(APP, &account).unwrap();
        for url in [own, subscribe, phones] {
            let (status, body) = get(&mut world, &url);
            assert_eq!((status, &body["error"]["code"]), (403, &json!(200)));
        }
        let absent = format!("/199999999999999?access_token={token}");
        let (_, body) = get(&mut world, &absent);
        assert_eq!(body["error"]["error_subcode"], 33);
        assert!(world.is_alive(token));
    }
}
