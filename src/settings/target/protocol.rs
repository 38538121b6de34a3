//! Reads `transport:` of a target: what is spoken on the way to it. What that cannot carry is refused here, as far as the
//! target itself asks for it; turns that do are refused where they stand.

use super::Target;
use crate::model::endpoint::Protocol;
use crate::model::suite::{Service, Via};
use crate::yaml::{Map, Reader};

const ALL: [Protocol; 3] = [Protocol::Grpc, Protocol::Rest, Protocol::WebSocket];

/// The protocol of a target, of which everything else is read; `map` is what is written.
pub(super) fn read_protocol(reader: &mut Reader, map: &Map, target: &Target) -> Protocol {
    let Some(node) = map.get("transport") else {
        return Protocol::default();
    };
    let Some(text) = reader.text(node, "`transport`") else {
        return Protocol::default();
    };
    let known: Vec<&str> = of_service(target.service())
        .iter()
        .map(|known| known.name())
        .collect();
    let found = ALL.into_iter().find(|protocol| protocol.name() == text);
    match found {
        Some(Protocol::WebSocket) if target.service() == Service::Cx => {
            let message = "a WebSocket carries CES only";
            let problem = reader.error("unsupported", message, node.span.clone());
            problem
                .help
                .push("write `transport: grpc` or `transport: rest`".to_owned());
            Protocol::default()
        }
        Some(protocol) => {
            check_via(reader, map, target, protocol);
            check_sound(reader, map, target, protocol);
            protocol
        }
        None => {
            let span = node.span.clone();
            reader.unknown(&text, span, "unknown-value", "there is no transport", &known);
            Protocol::default()
        }
    }
}

fn of_service(service: Service) -> &'static [Protocol] {
    match service {
        Service::Cx => &ALL[..2],
        Service::Ces => &ALL,
    }
}

/// Live streams go over gRPC and WebSockets only, and WebSockets carry nothing else.
fn check_via(reader: &mut Reader, map: &Map, target: &Target, protocol: Protocol) {
    let (Some(via), Some(node)) = (target.via, map.get("via")) else {
        return;
    };
    let (message, help) = match (protocol, target.service(), via) {
        (Protocol::Rest, Service::Cx, Via::Stream) => (
            "turns via `stream` cannot be sent over REST",
            "leave `via` out, or write `transport: grpc`",
        ),
        (Protocol::Rest, Service::Ces, Via::Bidi) => (
            "turns via `bidi` cannot be sent over REST",
            "write `transport: websocket` or `transport: grpc`, or leave `via` out",
        ),
        (Protocol::WebSocket, _, Via::Run | Via::Stream) => (
            "a target that is reached over WebSockets sends its turns via `bidi`",
            "leave `via` out, or write `transport: rest`",
        ),
        _ => return,
    };
    reader
        .error("conflicting-keys", message, node.span.clone())
        .help
        .push(help.to_owned());
}

/// REST carries no speech of the user; of the agent's, only Dialogflow CX answers with some.
fn check_sound(reader: &mut Reader, map: &Map, target: &Target, protocol: Protocol) {
    let Some(audio) = map.get("audio").filter(|_| protocol == Protocol::Rest) else {
        return;
    };
    let entries = audio
        .as_map()
        .map(|map| map.entries.as_slice())
        .unwrap_or_default();
    let is_cx = target.service() == Service::Cx;
    for entry in entries
        .iter()
        .filter(|entry| !(is_cx && entry.key.name == "output"))
    {
        let name = &entry.key.name;
        let (message, help) = if is_cx {
            let message = format!("`{name}` is for sound that is sent, and REST carries none");
            (message, "write `transport: grpc`, or leave it out")
        } else {
            let message = format!("`{name}` is for live streams, and REST carries none");
            (
                message,
                "write `transport: websocket` or `transport: grpc`, or leave it out",
            )
        };
        reader
            .error("conflicting-keys", message, entry.key.span.clone())
            .help
            .push(help.to_owned());
    }
}
