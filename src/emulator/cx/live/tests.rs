//! Webhooks of our own on loopback, called as the service calls them, and addresses that are not called.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Mutex;

use chrono::{TimeZone, Utc};
use serde_json::json;

use super::*;
use crate::emulator::cx::fixture::{AgentBuilder, START, ask, on};
use crate::emulator::cx::request::{Input, PinnedIntent, Request};
use crate::emulator::cx::stubs::StubAnswers;
use crate::emulator::cx::turn::TurnResult;

/// A web server that gives each caller the same answer and keeps what it was sent.
struct Server {
    port: u16,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn saying(status: &str, body: &str) -> Self {
        Self::writing(format!(
            "HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ))
    }

    fn writing(answer: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let keep = Arc::clone(&seen);
        thread::spawn(move || {
            for connection in listener.incoming() {
                let mut connection = connection.unwrap();
                keep.lock().unwrap().push(request(&mut connection));
                // Who breaks off early has read enough.
                let _ = connection.write_all(answer.as_bytes());
            }
        });
        Self { port, seen }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook", self.port)
    }

    fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

/// Head and body of a request.
fn request(connection: &mut impl Read) -> String {
    let mut text = String::new();
    let mut bytes = [0; 4096];
    loop {
        let count = connection.read(&mut bytes).unwrap();
        text += std::str::from_utf8(&bytes[..count]).unwrap();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head.to_lowercase().lines().find_map(|line| {
            let length = line.strip_prefix("content-length:")?;
            length.trim().parse::<usize>().ok()
        });
        if count == 0 || body.len() >= length.unwrap_or_default() {
            return text;
        }
    }
}

fn named(hosts: &[&str]) -> LiveWebhooks {
    let named = hosts.iter().map(ToString::to_string).collect();
    LiveWebhooks::new(LiveHosts { named }).unwrap()
}

fn post(url: &str) -> HttpCall {
    HttpCall {
        method: "POST".to_owned(),
        url: url.to_owned(),
        headers: Vec::new(),
        credentials: None,
        body: Some("{}".to_owned()),
        timeout: Duration::from_secs(20),
    }
}

fn failure(live: &LiveWebhooks, call: HttpCall) -> WebhookFailure {
    live.call(call).result.unwrap_err()
}

#[test]
fn answers_are_what_the_webhook_says() {
    let live = named(&["127.0.0.1"]);
    let server = Server::saying("200 OK", r#"{"payload": {"a": 1}}"#);
    let outcome = live.call(post(&server.url()));
    assert!(outcome.has_passed);
    assert_eq!(outcome.result.unwrap().body, Some(json!({"payload": {"a": 1}})));
    let empty = Server::saying("204 No Content", "");
    assert_eq!(live.call(post(&empty.url())).result, Ok(WebhookAnswer::default()));
}

#[test]
fn failures_are_told_apart() {
    let live = named(&["127.0.0.1"]);
    let busy = Server::saying("503 Service Unavailable", "later");
    assert_eq!(failure(&live, post(&busy.url())), WebhookFailure::Status(503));
    let elsewhere = Server::writing(format!("HTTP/1.1 302 Found\r\nLocation: {}\r\n\r\n", busy.url()));
    assert_eq!(
        failure(&live, post(&elsewhere.url())),
        WebhookFailure::Status(302)
    );
    assert_eq!(busy.seen().len(), 1, "redirects are not followed");
    let words = Server::saying("200 OK", "<html>");
    assert!(matches!(
        failure(&live, post(&words.url())),
        WebhookFailure::Malformed(_)
    ));
    let endless = Server::saying("200 OK", &"[".repeat(2 * LARGEST_ANSWER));
    let too_large = failure(&live, post(&endless.url()));
    assert!(
        too_large.to_string().contains("larger than 65536 bytes"),
        "{too_large}"
    );
    let cut = Server::writing("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}".to_owned());
    assert!(matches!(
        failure(&live, post(&cut.url())),
        WebhookFailure::Malformed(_)
    ));
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_eq!(
        failure(&live, post(&format!("http://{gone}/"))),
        WebhookFailure::Unreachable
    );
    let header = HttpCall {
        headers: vec![("X-Note".to_owned(), "two\nlines".to_owned())],
        ..post(&words.url())
    };
    let told = failure(&live, header).to_string();
    assert!(told.contains("make no request"), "{told}");
    let method = HttpCall {
        method: "GET IT".to_owned(),
        ..post(&words.url())
    };
    assert!(matches!(failure(&live, method), WebhookFailure::Forbidden(_)));
}

#[test]
fn a_webhook_that_never_answers_is_given_up() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let call = HttpCall {
        timeout: Duration::from_millis(1),
        ..post(&url)
    };
    assert_eq!(failure(&named(&["127.0.0.1"]), call), WebhookFailure::Timeout);
}

#[test]
fn nothing_private_is_called_unless_it_is_named() {
    let any = named(&[]);
    for (url, why) in [
        ("http://hooks.example.com/", "not called over HTTPS"),
        ("https://127.0.0.1/", "private"),
        ("https://[::1]:4000/", "private"),
        ("https://169.254.169.254/computeMetadata", "private"),
        // Other spellings of 127.0.0.1.
        ("https://2130706433/", "private"),
        ("https://0x7f.1/", "private"),
        ("data:hooks", "names no host"),
        ("hooks", "no address"),
        ("", "no address"),
    ] {
        let told = failure(&any, post(url)).to_string();
        assert!(told.contains(why), "{url}: {told}");
    }
    // The name leads to this machine only when it is looked up.
    assert_eq!(
        failure(&any, post("https://localhost:1/")),
        WebhookFailure::Unreachable
    );
    let others = failure(&named(&["hooks.example.com"]), post("https://example.com/"));
    assert!(others.to_string().contains("none of the hosts named"), "{others}");
}

/// An agent whose order is confirmed by a webhook at this address.
fn shop(service: Value) -> AgentBuilder {
    let start = json!({ "transitionRoutes": [on("order", "One moment.", "Order")] });
    let page = json!({
        "entryFulfillment": { "webhook": "orders", "tag": "confirm" },
        "form": { "parameters": [ask("size", "@sys.any", "Which size?", &[])] },
    });
    AgentBuilder::new(start)
        .intent("order")
        .page(START, "Order", page)
        .webhook("orders", service)
}

fn play(agent: AgentBuilder, live: LiveWebhooks) -> TurnResult {
    let mut talk = agent.talk();
    let now = Utc.with_ymd_and_hms(2026, 3, 2, 9, 0, 0).unwrap();
    let mut request = Request::new(Input::Text("order".to_owned()), now);
    request.pinned_intent = Some(PinnedIntent::Named("order".to_owned()));
    request.session = "projects/p/locations/l/agents/a/sessions/s".to_owned();
    request.response_id = "r".to_owned();
    request
        .webhook_headers
        .insert("X-Own".to_owned(), "turn".to_owned());
    let answers = StubAnswers {
        for_turn: None,
        levels: Vec::new(),
        now: now.fixed_offset(),
        live: Some(live),
    };
    talk.engine.turn(&mut talk.session, &request, &answers)
}

#[test]
fn a_standard_webhook_gets_the_services_request() {
    let answer = r#"{"sessionInfo": {"parameters": {"size": "large"}},
        "fulfillmentResponse": {"messages": [{"text": {"text": ["Confirmed."]}}]}}"#;
    let server = Server::saying("200 OK", answer);
    let service = json!({
        "uri": server.url(),
        "httpMethod": "DELETE",
        "username": "shop",
        "password": "secret",
        "requestHeaders": [
            { "key": "x-own", "value": "agent" },
            { "key": "X-Tag", "value": "$session.params.nothing" },
        ],
    });
    let result = play(shop(service), named(&["127.0.0.1"]));
    assert_eq!(result.parameters["size"], json!("large"));
    assert_eq!(result.waited, Duration::ZERO, "the time has passed already");
    let seen = server.seen();
    let (head, body) = seen[0].split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /hook HTTP/1.1\r\n"), "{head}");
    let headers = head.to_lowercase();
    for header in [
        "x-own: turn",
        "content-type: application/json",
        "authorization: basic c2hvcdpzzwnyzxq=",
    ] {
        assert!(headers.contains(header), "{header}: {head}");
    }
    assert_eq!(headers.matches("x-own").count(), 1);
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!(
        body,
        json!({
            "detectIntentResponseId": "r",
            "text": "order",
            "languageCode": "en",
            "fulfillmentInfo": { "tag": "confirm" },
            "intentInfo": {
                "lastMatchedIntent": "projects/p/locations/l/agents/a/intents/id of order",
                "displayName": "order",
                "confidence": 1.0,
                "parameters": {},
            },
            "pageInfo": {
                "currentPage": "projects/p/locations/l/agents/a/flows/id of Default Start Flow/pages/id of Order",
                "displayName": "Order",
                "formInfo": { "parameterInfo": [{ "displayName": "size", "required": true, "state": "EMPTY" }] },
            },
            "sessionInfo": { "session": "projects/p/locations/l/agents/a/sessions/s", "parameters": {} },
            "messages": [{
                "responseType": "HANDLER_PROMPT",
                "source": "VIRTUAL_AGENT",
                "text": { "text": ["One moment."], "redactedText": ["One moment."] },
            }],
            "payload": {},
            "languageInfo": { "inputLanguageCode": "en", "resolvedLanguageCode": "en", "confidenceScore": 1 },
        })
    );
}

#[test]
fn a_flexible_webhook_gets_its_own_body() {
    let server = Server::saying("200 OK", r#"{"order": {"number": 7}}"#);
    let service = json!({
        "uri": server.url(),
        "webhookType": "FLEXIBLE",
        "httpMethod": "PUT",
        "requestBody": "{\"page\": \"$page.params.status\"}",
        "parameterMapping": [{ "key": "number", "value": "$.order.number" }],
    });
    let result = play(shop(service), named(&["127.0.0.1"]));
    assert_eq!(result.parameters["number"], json!(7));
    let seen = server.seen();
    assert!(seen[0].starts_with("PUT /hook "), "{}", seen[0]);
}

#[test]
fn a_webhook_that_may_not_be_called_fails_and_says_why() {
    let service = json!({ "uri": "http://127.0.0.1:9/", "oauthConfig": { "clientId": "c" } });
    let result = play(shop(service), named(&[]));
    let note = result.trace.notes.join("\n");
    assert!(
        note.contains("--live-webhooks=127.0.0.1") && note.contains("token"),
        "{note}"
    );
    assert!(result.webhooks[0].failure.is_some());
}
