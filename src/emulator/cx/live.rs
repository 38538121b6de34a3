//! Webhooks called over HTTP, where that was asked for; everything else about webhooks is free of any network.
//!
//! An export comes from outside, and so do the addresses in it: public ones are called over HTTPS only, others only
//! when they are named. Redirects are not followed, no proxy is asked, and answers are bounded in size and time.

use std::collections::BTreeSet;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Url};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use self::address::is_public;
use super::long_work::aside;
use super::webhook::{HttpCall, WebhookAnswer, WebhookFailure, WebhookOutcome};
use crate::model::Value;

mod address;

/// The longest that the service waits for a webhook (cx-runtime 8.1).
const LONGEST: Duration = Duration::from_secs(30);
/// Bytes of an answer (cx-runtime 8.1).
const LARGEST_ANSWER: usize = 64 << 10;
/// What webhooks see of us.
const USER_AGENT: &str = concat!("turnproof/", env!("CARGO_PKG_VERSION"));

/// Which webhooks may be called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LiveHosts {
    /// Only these hosts, private ones among them; empty for all public ones.
    pub named: BTreeSet<String>,
}

/// Calls webhooks. Cheap to clone; one thread does the waiting for all sessions.
#[derive(Clone)]
pub struct LiveWebhooks {
    hosts: Arc<LiveHosts>,
    jobs: UnboundedSender<Job>,
}

struct Job {
    call: HttpCall,
    answer: mpsc::Sender<Result<WebhookAnswer, WebhookFailure>>,
}

impl fmt::Debug for LiveWebhooks {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.hosts.fmt(formatter)
    }
}

impl LiveWebhooks {
    /// Prepares to call these hosts.
    ///
    /// # Errors
    /// When the system gives no thread, or TLS cannot be set up.
    pub fn new(hosts: LiveHosts) -> std::io::Result<Self> {
        let hosts = Arc::new(hosts);
        let client = Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .user_agent(USER_AGENT)
            .dns_resolver(Arc::new(Guarded(Arc::clone(&hosts))))
            .build()
            .map_err(std::io::Error::other)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (jobs, waiting) = unbounded_channel();
        thread::Builder::new()
            .name("webhooks".to_owned())
            .spawn(move || runtime.block_on(serve(client, waiting)))?;
        Ok(Self { hosts, jobs })
    }

    /// Makes a call and waits for its end.
    pub(super) fn call(&self, call: HttpCall) -> WebhookOutcome {
        let start = Instant::now();
        let result = self.check(&call).and_then(|()| {
            let (answer, answered) = mpsc::channel();
            self.jobs
                .send(Job { call, answer })
                .map_err(|_| WebhookFailure::Unreachable)?;
            aside(|| answered.recv()).unwrap_or(Err(WebhookFailure::Unreachable))
        });
        WebhookOutcome {
            result,
            waited: start.elapsed(),
            has_passed: true,
        }
    }

    /// Whether the address may be called, as far as it can be told from its text.
    fn check(&self, call: &HttpCall) -> Result<(), WebhookFailure> {
        let forbidden = |why: String| Err(WebhookFailure::Forbidden(why));
        let Ok(url) = Url::parse(&call.url) else {
            return forbidden(format!("`{}` is no address", call.url));
        };
        let Some(host) = url.host_str() else {
            return forbidden(format!("`{}` names no host", call.url));
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if self.hosts.named.contains(host) {
            return Ok(());
        }
        if !self.hosts.named.is_empty() {
            return forbidden(format!(
                "`{host}` is none of the hosts named with --live-webhooks"
            ));
        }
        if url.scheme() != "https" {
            return forbidden(format!(
                "`{host}` is not called over HTTPS; name it with --live-webhooks={host}"
            ));
        }
        match host.parse::<IpAddr>() {
            Ok(address) if !is_public(address) => forbidden(format!(
                "`{host}` is private; name it with --live-webhooks={host}"
            )),
            _ => Ok(()),
        }
    }
}

/// Makes the calls, all at once, until nobody has any more.
async fn serve(client: Client, mut waiting: UnboundedReceiver<Job>) {
    while let Some(Job { call, answer }) = waiting.recv().await {
        let client = client.clone();
        tokio::spawn(async move {
            let timeout = call.timeout.min(LONGEST);
            let answered = tokio::time::timeout(timeout, ask(&client, call)).await;
            // Who asked may have gone.
            let _ = answer.send(answered.unwrap_or(Err(WebhookFailure::Timeout)));
        });
    }
}

async fn ask(client: &Client, call: HttpCall) -> Result<WebhookAnswer, WebhookFailure> {
    let malformed = |what: String| WebhookFailure::Malformed(what);
    let method = Method::from_bytes(call.method.as_bytes())
        .map_err(|_| WebhookFailure::Forbidden(format!("`{}` is no HTTP method", call.method)))?;
    let mut request = client.request(method, &call.url);
    if let Some((user, password)) = &call.credentials {
        request = request.basic_auth(user, Some(password));
    }
    for (name, value) in &call.headers {
        request = request.header(name, value);
    }
    if let Some(body) = call.body {
        request = request.body(body);
    }
    // What went wrong in particular may tell of passwords in the address or the headers.
    let mut response = request.send().await.map_err(|error| {
        if error.is_builder() {
            WebhookFailure::Forbidden("its address and headers make no request".to_owned())
        } else {
            WebhookFailure::Unreachable
        }
    })?;
    let status = response.status();
    if !status.is_success() {
        return Err(WebhookFailure::Status(status.as_u16()));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|_| malformed("it breaks off".to_owned()))?
    {
        body.extend_from_slice(&chunk);
        if body.len() > LARGEST_ANSWER {
            return Err(malformed(format!("it is larger than {LARGEST_ANSWER} bytes")));
        }
    }
    // Nothing decides what an empty body means: that the webhook has nothing to say.
    if body.trim_ascii().is_empty() {
        return Ok(WebhookAnswer::default());
    }
    let body: Value =
        serde_json::from_slice(&body).map_err(|error| malformed(format!("it is no JSON: {error}")))?;
    Ok(WebhookAnswer {
        body: Some(body),
        ..WebhookAnswer::default()
    })
}

/// Looks names up, and forgets what is not public unless the name was given.
struct Guarded(Arc<LiveHosts>);

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let is_named = self.0.named.contains(name.as_str());
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found
                .filter(|address| is_named || is_public(address.ip()))
                .collect();
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests;
