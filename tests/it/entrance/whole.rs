//! The program itself on its way in: settings and environment, with the services' real names, all on this machine.

use std::process::Command;

use serde_json::json;
use turnproof::proto::ces_v1 as ces;
use turnproof::proto::cx_v3beta1 as cx;

use super::credentials::TokenServer;
use super::front::{Lets, Proxy, TlsFront};
use super::pki::Authority;
use crate::cli_place::{Place, Said};
use crate::scripted::{Reply, ScriptedServer};

const SUITE: &str = "conversations: [{ name: a, turns: [{ say: hi }] }]\n";
const CX: &str = "backend: cx, agent: projects/p/locations/europe-west3/agents/a";
const CES: &str = "backend: ces, app: projects/p/locations/eu/apps/a";

/// A server behind TLS behind a proxy, and a place whose program takes that proxy and trusts that server.
struct World {
    server: ScriptedServer,
    proxy: Proxy,
    place: Place,
}

impl World {
    /// The server goes by any of these names.
    async fn new(names: &[&str]) -> Self {
        Self::for_clients_of(names, None).await
    }

    async fn for_clients_of(names: &[&str], clients: Option<&Authority>) -> Self {
        let authority = Authority::new("Test");
        let server = ScriptedServer::start().await;
        server.reply("DetectIntent", Reply::one(&cx::DetectIntentResponse::default()));
        server.reply("RunSession", Reply::one(&ces::RunSessionResponse::default()));
        let shown = authority.server(names);
        let front = TlsFront::with(&shown, clients, &[b"h2"], server.address()).await;
        let proxy = Proxy::start(Lets::Through(front.address)).await;
        let place = Place::new();
        place.write("authority.pem", authority.pem());
        place.write("a.yaml", SUITE);
        Self { server, proxy, place }
    }

    fn settings(&self, text: &str) {
        self.place.write("turnproof.yaml", text);
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.place.command(arguments);
        command
            .env("HTTPS_PROXY", format!("http://{}", self.proxy.address))
            .env("SSL_CERT_FILE", self.place.path().join("authority.pem"))
            .env_remove("SSL_CERT_DIR")
            .env("HOME", self.place.path());
        command
    }

    /// The only host that the proxy was asked for.
    fn host(&self) -> String {
        let asked = self.proxy.asked();
        assert_eq!(asked.len(), 1, "{asked:?}");
        let host = asked[0].strip_prefix("CONNECT ").unwrap();
        host.split_once(' ').unwrap().0.to_owned()
    }
}

/// The program ends well.
fn works(mut command: Command) -> Said {
    let said = Said::from(command.output().unwrap());
    assert_eq!(said.code, Some(0), "{said:?}");
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_goes_to_google_through_the_proxy_of_the_environment() {
    for (target, host) in [
        (CX, "europe-west3-dialogflow.googleapis.com:443"),
        (CES, "ces.eu.rep.googleapis.com:443"),
    ] {
        let world = World::new(&[host.trim_end_matches(":443")]).await;
        world.settings(&format!(
            "env: [TOKEN]\ntargets:\n  live: {{ {target}, credentials: {{ token_env: TOKEN }} }}\n"
        ));
        let mut command = world.command(&["run"]);
        command
            .env("TOKEN", "a-very-secret-token")
            .env("GOOGLE_CLOUD_QUOTA_PROJECT", "billing");
        let said = works(command);
        assert_eq!(world.host(), host);
        let received = world.server.only();
        assert_eq!(received.header("authorization"), "Bearer a-very-secret-token");
        assert_eq!(received.header("x-goog-user-project"), "billing");
        for text in [said.out, said.err, world.place.read("reports/run.json")] {
            assert!(!text.contains("a-very-secret-token"), "{text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_settings_outweigh_the_environment() {
    let world = World::new(&["dialogflow.example.cloud"]).await;
    let proxy = world.proxy.address;
    world.settings(&format!(
        "env: [TOKEN]
targets:
  live:
    backend: cx
    agent: projects/p/locations/global/agents/a
    credentials: {{ token_env: TOKEN }}
    universe_domain: example.cloud
    quota_project: other
    proxy: \"http://me:${{TOKEN}}@{proxy}\"
    tls: {{ authorities: authority.pem }}
"
    ));
    let command = |arguments: &[&str]| {
        let mut command = world.command(arguments);
        command
            .env("TOKEN", "a-very-secret-token")
            .env("HTTPS_PROXY", "http://127.0.0.1:1")
            .env_remove("SSL_CERT_FILE")
            .env("GOOGLE_CLOUD_QUOTA_PROJECT", "billing");
        command
    };
    let refused = Said::from(command(&["run"]).output().unwrap());
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(
        refused
            .err
            .contains("--allow-credentials-to dialogflow.example.cloud"),
        "{refused:?}"
    );
    assert!(world.proxy.asked().is_empty());
    works(command(&[
        "run",
        "--allow-credentials-to",
        "dialogflow.example.cloud",
    ]));
    assert_eq!(world.host(), "dialogflow.example.cloud:443");
    assert!(world.proxy.asked()[0].contains("Proxy-Authorization: Basic "));
    assert_eq!(world.server.only().header("x-goog-user-project"), "other");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_universe_is_the_users_word() {
    let world = World::new(&["europe-west3-dialogflow.example.cloud"]).await;
    world.settings(&format!(
        "env: [TOKEN]\ntargets:\n  live: {{ {CX}, credentials: {{ token_env: TOKEN }} }}\n"
    ));
    let mut command = world.command(&["run"]);
    command
        .env("TOKEN", "a-very-secret-token")
        .env("GOOGLE_CLOUD_UNIVERSE_DOMAIN", "example.cloud");
    works(command);
    assert_eq!(world.host(), "europe-west3-dialogflow.example.cloud:443");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_machines_client_certificate_is_shown_where_google_asks_for_it() {
    let clients = Authority::new("Clients");
    for (endpoint, host) in [
        (None, "europe-west3-dialogflow.mtls.googleapis.com"),
        (Some("never"), "europe-west3-dialogflow.googleapis.com"),
    ] {
        let world = World::for_clients_of(&[host], Some(&clients)).await;
        let (certificate, key) = clients.client().write(world.place.path(), "device");
        let config = json!({ "cert_configs": { "workload": { "cert_path": certificate, "key_path": key } } });
        world
            .place
            .write(".config/gcloud/certificate_config.json", &config.to_string());
        world.settings(&format!("targets:\n  live: {{ {CX}, credentials: none }}\n"));
        let mut command = world.command(&["run"]);
        command.env("GOOGLE_API_USE_CLIENT_CERTIFICATE", "true");
        if let Some(endpoint) = endpoint {
            command.env("GOOGLE_API_USE_MTLS_ENDPOINT", endpoint);
        }
        works(command);
        assert_eq!(world.host(), format!("{host}:443"));
        assert_eq!(world.server.received().len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn default_credentials_come_from_the_file_that_is_named_or_from_the_machine() {
    let tokens = TokenServer::start().await;
    for named in [true, false] {
        let world = World::new(&["europe-west3-dialogflow.googleapis.com"]).await;
        world.settings(&format!("targets:\n  live: {{ {CX} }}\n"));
        world.place.write("key.json", &tokens.user().to_string());
        let mut command = world.command(&["run"]);
        command.env("NO_PROXY", "127.0.0.1");
        if named {
            command.env(
                "GOOGLE_APPLICATION_CREDENTIALS",
                world.place.path().join("key.json"),
            );
        } else {
            command.env("GCE_METADATA_HOST", tokens.address.to_string());
        }
        let said = works(command);
        let token = if named { "of-user" } else { "of-machine" };
        assert_eq!(
            world.server.only().header("authorization"),
            format!("Bearer {token}")
        );
        let asked = tokens.asked().pop().unwrap();
        let expected = if named {
            "POST /token"
        } else {
            "metadata-flavor: Google"
        };
        assert!(asked.to_lowercase().contains(&expected.to_lowercase()), "{asked}");
        assert!(!said.out.contains(token) && !said.err.contains(token));
    }
}
