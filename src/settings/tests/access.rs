//! Settings of the way to live services: credentials, certificates, proxies, domains.

use super::{good, problems, target};
use crate::model::endpoint::CredentialPolicy;
use crate::settings::target::{Credentials, ProxyChoice, TargetKind};

#[test]
fn credentials_stay_with_google() {
    let settings = good(
        r#"targets:
  proxied: { backend: cx, agent: projects/p/locations/global/agents/a, endpoint: "https://proxy.example.com" }
  google: { backend: cx, agent: projects/p/locations/global/agents/a, endpoint: "https://eu-dialogflow.googleapis.com" }
  lab: { backend: ces, app: projects/p/locations/us/apps/a, endpoint: "http://127.0.0.1:1" }
  open: { backend: ces, app: projects/p/locations/us/apps/a, endpoint: "http://127.0.0.1:1", credentials: none }
"#,
    );
    let problem = |name: &str, allowed: &[&str]| {
        let policy = CredentialPolicy {
            allowed_hosts: allowed.iter().map(|host| (*host).to_owned()).collect(),
            ..CredentialPolicy::default()
        };
        target(&settings, name)
            .credentials_problem(&policy)
            .map(|problem| problem.message)
    };
    assert_eq!(
        problem("proxied", &[]).as_deref(),
        Some("target `proxied` would send credentials to `proxy.example.com`")
    );
    assert_eq!(problem("proxied", &["proxy.example.com"]), None);
    assert!(problem("proxied", &["example.com"]).is_some() && problem("lab", &[]).is_some());
    assert_eq!((problem("google", &[]), problem("open", &[])), (None, None));
}

#[test]
fn who_vouches_for_a_server_decides_about_credentials() {
    let cx = "backend: cx, agent: projects/p/locations/global/agents/a";
    let settings = good(&format!(
        "targets:
  own: {{ {cx}, tls: {{ authorities: agents/support.app.yaml }} }}
  open: {{ {cx}, tls: {{ authorities: agents/support.app.yaml }}, credentials: none }}
  elsewhere: {{ {cx}, universe_domain: example.cloud }}
"
    ));
    let problem = |name: &str, universe: &str, allowed: &[&str]| {
        let policy = CredentialPolicy {
            universe: universe.to_owned(),
            allowed_hosts: allowed.iter().map(|host| (*host).to_owned()).collect(),
        };
        target(&settings, name)
            .credentials_problem(&policy)
            .map(|problem| problem.message)
    };
    let google = "googleapis.com";
    assert_eq!(
        problem("own", google, &[]).as_deref(),
        Some(
            "target `own` would send credentials to `dialogflow.googleapis.com`, on the word of authorities that the settings bring along"
        )
    );
    assert_eq!(problem("own", google, &["dialogflow.googleapis.com"]), None);
    assert_eq!(problem("open", google, &[]), None);
    assert_eq!(
        problem("elsewhere", google, &[]).as_deref(),
        Some("target `elsewhere` would send credentials to `dialogflow.example.cloud`")
    );
    assert_eq!(problem("elsewhere", "example.cloud", &[]), None);
}

#[test]
fn the_way_to_a_service_is_read() {
    let settings = good(
        "env: [TOKEN]
targets:
  whole:
    backend: cx
    agent: projects/p/locations/global/agents/a
    universe_domain: Example.Cloud
    quota_project: billing
    tls: { authorities: agents/support.app.yaml, certificate: agents/support.app.yaml, key: agents/support.app.yaml }
    proxy: \"http://me:${TOKEN}@proxy.example:3128\"
    credentials: { json_env: TOKEN }
  direct: { backend: ces, app: projects/p/locations/us/apps/a, proxy: none }
",
    );
    let TargetKind::Cx(whole) = &target(&settings, "whole").kind else {
        panic!("it is a cx target")
    };
    assert!(matches!(&whole.credentials, Credentials::Json(text) if text.reveal() == "token-value"));
    let access = &whole.access;
    assert_eq!(access.universe_domain.as_deref(), Some("example.cloud"));
    assert_eq!(access.quota_project.as_deref(), Some("billing"));
    assert!(access.tls.authorities.is_some() && access.tls.identity.is_some());
    let ProxyChoice::Address(proxy) = &access.proxy else {
        panic!("there is a proxy")
    };
    assert_eq!(
        (proxy.url().as_str(), proxy.login()),
        ("http://proxy.example:3128", Some(("me", "token-value")))
    );
    assert!(!format!("{whole:?}").contains("token-value"));
    let TargetKind::Ces(direct) = &target(&settings, "direct").kind else {
        panic!("it is a ces target")
    };
    assert_eq!(direct.access.proxy, ProxyChoice::None);
}

#[test]
fn a_way_that_leads_nowhere_is_refused() {
    for (keys, expected) in [
        (
            "universe_domain: no domain",
            "bad-domain: a universe's domain is a name such as `example.cloud` @ no domain",
        ),
        (
            "universe_domain: a.example, endpoint: \"https://b.example\"",
            "conflicting-keys: `endpoint` says which host it is, `universe_domain` does not count @ universe_domain",
        ),
        ("quota_project: a/b", "bad-id: an id is wanted, such as `b` @ a/b"),
        (
            "tls: { certificate: agents/support.app.yaml }",
            "missing-key: `certificate` needs its `key`, and the other way round @ { certificate: agents/support.app.yaml }",
        ),
        (
            "endpoint: \"http://127.0.0.1:1\", tls: { authorities: agents/support.app.yaml }",
            "conflicting-keys: the endpoint is plaintext: there is nothing that `tls` could say @ tls",
        ),
        (
            "endpoint: \"http://127.0.0.1:1\", proxy: \"http://x:1\"",
            "conflicting-keys: the endpoint is plaintext, and so on this machine: a proxy would read all that goes there @ proxy",
        ),
        (
            "proxy: \"socks5://x:1\"",
            "bad-endpoint: a proxy is reached over `http://`: what goes through it is encrypted on its own @ \"socks5://x:1\"",
        ),
        (
            "credentials: { file: a, json_env: TOKEN }",
            "missing-key: `credentials` needs one of `file`, `json_env` and `token_env` @ { file: a, json_env: TOKEN }",
        ),
    ] {
        let text =
            format!("targets:\n  x: {{ backend: ces, app: projects/p/locations/us/apps/a, {keys} }}\n");
        assert_eq!(problems(&text), [expected], "{keys}");
    }
}

#[test]
fn a_plaintext_endpoint_may_say_that_there_is_no_proxy() {
    let settings = good(
        "targets:\n  x: { backend: ces, app: projects/p/locations/us/apps/a, endpoint: \"http://127.0.0.1:1\", proxy: none }\n",
    );
    assert!(
        target(&settings, "x")
            .credentials_problem(&CredentialPolicy::default())
            .is_some()
    );
}

#[test]
fn files_of_certificates_matter_to_those_who_use_the_target() {
    let text = "targets:\n  x: { backend: ces, app: projects/p/locations/us/apps/a, tls: { authorities: gone.pem } }\n";
    let settings = good(text);
    let unusable = &settings.entry("x").unwrap().unusable;
    assert_eq!(unusable.len(), 1);
    assert_eq!(unusable[0].code, "missing-file");
    assert!(unusable[0].message.contains("gone.pem"), "{:?}", unusable[0]);
}
