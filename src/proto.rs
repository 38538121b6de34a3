//! The services' messages, clients and servers as generated from `proto/`, their descriptors, and the conversions
//! between protobuf's own types and plain Rust ones.
//!
//! Not for meaning: what a field says about a conversation is decided in the floors above. Enum fields are plain
//! `i32`, so a value that a newer service invents survives decoding; unknown fields are skipped.

pub mod json;
pub mod rest;
mod structure;
pub mod time;

use std::sync::LazyLock;

use prost::{DecodeError, Message};
use prost_reflect::DescriptorPool;

pub use generated::google::cloud::ces::v1 as ces_v1;
pub use generated::google::cloud::dialogflow::cx::v3 as cx_v3;
pub use generated::google::cloud::dialogflow::cx::v3beta1 as cx_v3beta1;
pub use generated::google::{rpc, r#type};
pub use structure::{ListWriter, ObjectWriter, Struct, ValueWriter, WireList, WireObject, WireValue};

#[expect(
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    clippy::allow_attributes_without_reason,
    reason = "generated code, documented where the declarations say something"
)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/services.rs"));
}

/// Every declaration of `proto/` and what it imports, as an encoded `FileDescriptorSet`.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

/// The same declarations, ready to be asked for messages and services by full name.
pub fn descriptor_pool() -> &'static DescriptorPool {
    static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
        // The bytes come from our own build, and a test decodes them; an empty pool is better than a panic.
        DescriptorPool::decode(DESCRIPTORS).unwrap_or_default()
    });
    &POOL
}

/// Reads a message as another type of the same wire format.
///
/// The `v3` and `v3beta1` messages of Dialogflow CX have the same field numbers and types (cx-sessions-api 6.3), so
/// one path of code can serve both: build and read `v3`, send and receive either. Fields that only one side
/// knows are lost.
///
/// # Errors
/// When the bytes of `message` cannot be a `B`: the two types are not related after all.
pub fn transcode<A: Message, B: Message + Default>(message: &A) -> Result<B, DecodeError> {
    B::decode(message.encode_to_vec().as_slice())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_descriptors_can_be_read() {
        let pool = DescriptorPool::decode(DESCRIPTORS).unwrap();
        let services: Vec<_> = pool
            .services()
            .map(|service| service.full_name().to_owned())
            .collect();
        assert_eq!(
            services,
            [
                "google.cloud.ces.v1.SessionService",
                "google.cloud.dialogflow.cx.v3.Sessions",
                "google.cloud.dialogflow.cx.v3beta1.Sessions"
            ]
        );
    }

    #[test]
    fn v3_and_v3beta1_read_each_other() {
        let request = cx_v3::DetectIntentRequest {
            session: "projects/p/locations/l/agents/a/sessions/s".to_owned(),
            query_input: Some(cx_v3::QueryInput {
                language_code: "en".to_owned(),
                input: Some(cx_v3::query_input::Input::Event(cx_v3::EventInput {
                    event: "welcome".to_owned(),
                })),
            }),
            response_view: cx_v3::DetectIntentResponseView::Full.into(),
            ..Default::default()
        };
        let beta: cx_v3beta1::DetectIntentRequest = transcode(&request).unwrap();
        assert_eq!(beta.session, request.session);
        assert_eq!(
            transcode::<_, cx_v3::DetectIntentRequest>(&beta).unwrap(),
            request
        );
    }

    #[test]
    fn unrelated_types_are_refused() {
        let words = cx_v3::TextInput {
            text: "hello".to_owned(),
        };
        assert!(
            transcode::<_, cx_v3::DetectIntentResponse>(&words).is_ok(),
            "a string is a string"
        );
        assert!(transcode::<_, cx_v3::AudioInput>(&words).is_err());
    }
}
