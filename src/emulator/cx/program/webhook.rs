//! Webhooks of an export → how they are called, and what becomes of their answers (cx-runtime 8.1, 8.4).

use std::time::Duration;

use super::{Scoped, WebhookAddress, WebhookBody, WebhookPart};
use crate::emulator::cx::template::{Template, ValueTemplate};
use crate::export::agent::Webhook;
use crate::model::Value;

/// The service's default.
const TIMEOUT: Duration = Duration::from_secs(5);

pub(super) fn compile(webhook: &Webhook) -> WebhookPart {
    let service = webhook.service();
    let timeout = Duration::new(
        u64::try_from(webhook.timeout.seconds).unwrap_or_default(),
        u32::try_from(webhook.timeout.nanos).unwrap_or_default() % 1_000_000_000,
    );
    let mapping = pairs(service, "parameterMapping");
    WebhookPart {
        disabled: webhook.disabled,
        timeout: if timeout.is_zero() { TIMEOUT } else { timeout },
        mapping: mapping
            .map(|(key, path)| (Scoped::parse(key), path.to_owned()))
            .collect(),
        is_flexible: is_flexible(service),
        body: body(text(service, "requestBody")),
        address: address(service),
    }
}

fn text<'s>(service: &'s Value, key: &str) -> &'s str {
    service.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn is_flexible(service: &Value) -> bool {
    text(service, "webhookType") == "FLEXIBLE"
}

/// The entries of a mapping of texts: exports write it as a list of keys and values, the API as an object.
fn pairs<'s>(service: &'s Value, key: &str) -> impl Iterator<Item = (&'s str, &'s str)> {
    let mapping = service.get(key);
    let listed = mapping.and_then(Value::as_array).into_iter().flatten();
    let listed =
        listed.filter_map(|entry| Some((entry.get("key")?.as_str()?, entry.get("value")?.as_str()?)));
    let members = mapping.and_then(Value::as_object).into_iter().flatten();
    listed.chain(members.filter_map(|(key, value)| Some((key.as_str(), value.as_str()?))))
}

/// In JSON a reference in quotes may mean an object; elsewhere it is text.
fn body(source: &str) -> Option<WebhookBody> {
    if source.is_empty() {
        return None;
    }
    Some(match serde_json::from_str(source) {
        Ok(json) => WebhookBody::Json(ValueTemplate::parse(&json)),
        Err(_) => WebhookBody::Text(Template::parse(source)),
    })
}

fn address(service: &Value) -> WebhookAddress {
    let (method, user) = (text(service, "httpMethod"), text(service, "username"));
    WebhookAddress {
        url: Template::parse(text(service, "uri")),
        // Standard webhooks are always sent a POST.
        method: if is_flexible(service) && !method.is_empty() {
            method.to_owned()
        } else {
            "POST".to_owned()
        },
        headers: pairs(service, "requestHeaders")
            .map(|(name, value)| (name.to_owned(), Template::parse(value)))
            .collect(),
        credentials: (!user.is_empty()).then(|| (user.to_owned(), text(service, "password").to_owned())),
        wants_token: ["oauthConfig", "serviceAgentAuth", "serviceAccountAuthConfig"]
            .iter()
            .any(|key| service.get(key).is_some_and(|value| !value.is_null())),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn compiled(webhook: Value) -> WebhookPart {
        compile(&serde_json::from_value(webhook).unwrap())
    }

    #[test]
    fn both_spellings_are_read() {
        let exported = json!({
            "genericWebService": {
                "uri": "https://w.example",
                "requestHeaders": [{ "key": "x-a", "value": "1" }],
                "parameterMapping": [{ "key": "b", "value": "$.b" }],
            },
            "timeout": { "seconds": 7, "nanos": 500_000_000 },
        });
        let of_api = json!({
            "serviceDirectory": {
                "service": "projects/p/locations/l/namespaces/n/services/s",
                "genericWebService": {
                    "uri": "https://w.example",
                    "requestHeaders": { "x-a": "1" },
                    "parameterMapping": { "b": "$.b" },
                },
            },
            "timeout": "7.5s",
        });
        for webhook in [exported, of_api] {
            let part = compiled(webhook);
            assert_eq!(part.timeout, Duration::from_millis(7_500));
            assert_eq!(
                part.mapping,
                [(Scoped::Session("b".to_owned()), "$.b".to_owned())]
            );
            assert_eq!(part.address.headers, [("x-a".to_owned(), Template::parse("1"))]);
            assert_eq!(part.address.url, Template::parse("https://w.example"));
        }
    }

    #[test]
    fn a_timeout_that_is_none_is_the_services_own() {
        for timeout in [json!({}), json!("soon"), json!("-1s"), json!({ "seconds": -3 })] {
            assert_eq!(compiled(json!({ "timeout": timeout })).timeout, TIMEOUT);
        }
    }
}
