//! What there is to do about the public address outside of this machine: the TLS proxy, and the app's settings at Meta.

use std::path::Path;

use crate::config::{Config, WEBHOOK_VERIFY};
use crate::setup::Places;

/// What to do for the address of this configuration; `None` if it has none.
pub(super) fn instructions(config: &Config, places: &Places) -> Option<String> {
    let web = config.web.as_ref()?;
    let mut text = format!("The public address is {}.", web.public_url);
    text.push_str(&proxy(&web.public_url, &web.listen.to_string()));
    let verify = places.credential(WEBHOOK_VERIFY);
    let verify = web.webhook_verify_token.is_some().then_some(verify);
    for app in &config.apps {
        let home = format!("https://developers.facebook.com/apps/{}", app.graph.id);
        text.push_str(&format!(
            "\n\nEnter at Meta for app {} ({home}):\n",
            app.name
        ));
        let product = format!("{} Login, Settings", app.graph.platform.title);
        let lines = at_meta(&product, &web.public_url, &app.name, verify.as_deref());
        text.push_str(&lines);
    }
    Some(text)
}

/// A block for Caddy. An address of this machine alone needs no proxy.
fn proxy(url: &str, listen: &str) -> String {
    let Some(address) = url.strip_prefix("https://") else {
        return String::new();
    };
    let (host, path) = address.split_once('/').unwrap_or((address, ""));
    let matcher = match path {
        "" => String::new(),
        path => format!("/{path}/* "),
    };
    let upstream = match listen.strip_prefix("unix:") {
        Some(path) => format!("unix/{path}"),
        None => listen.to_owned(),
    };
    format!(
        "\n\nFor your TLS proxy, such as Caddy (/etc/caddy/Caddyfile; for nginx see docs/src/login.md):\n\n    \
         {host} {{\n        reverse_proxy {matcher}{upstream}\n    }}"
    )
}

fn at_meta(product: &str, url: &str, app: &str, verify: Option<&Path>) -> String {
    let hooks = format!("{url}/webhooks/{app}");
    let verify = verify.map(|path| format!("in {}", path.display()));
    let verify = verify.unwrap_or_else(|| "set [web] webhook_verify_token first".to_owned());
    format!(
        "    {product}
        Valid OAuth redirect URIs  {url}/login/callback
        Deauthorize callback URL   {hooks}/deauthorize
        Data deletion request URL  {hooks}/data-deletion
    Webhooks, object Permissions
        Callback URL               {hooks}
        Verify token               {verify}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proxy_s_block_has_host_and_path() {
        let block = proxy("https://tokens.example.com", "127.0.0.1:8480");
        let expected = "\n    tokens.example.com {\n        reverse_proxy 127.0.0.1:8480\n    }";
        assert!(block.ends_with(expected), "{block}");
        let listen = "unix:/run/perennial/web.sock";
        let block = proxy("https://example.com/tokens", listen);
        let line = "reverse_proxy /tokens/* unix//run/perennial/web.sock";
        assert!(
            block.contains("    example.com {") && block.contains(line),
            "{block}"
        );
        assert_eq!(
            proxy("http://127.0.0.1:8480", listen),
            "",
            "nobody else gets there"
        );
    }

    #[test]
    fn meta_is_told_the_addresses_of_the_app() {
        let text = at_meta(
            "Facebook Login, Settings",
            "https://t.example.com",
            "acme",
            None,
        );
        insta::assert_snapshot!(text, @r"
        Facebook Login, Settings
            Valid OAuth redirect URIs  https://t.example.com/login/callback
            Deauthorize callback URL   https://t.example.com/webhooks/acme/deauthorize
            Data deletion request URL  https://t.example.com/webhooks/acme/data-deletion
        Webhooks, object Permissions
            Callback URL               https://t.example.com/webhooks/acme
            Verify token               set [web] webhook_verify_token first
        ");
    }
}
