//! How long a service asks to be left alone: `google.rpc.RetryInfo` in the details of a status, or `retry-after` among
//! its metadata, in seconds.

use std::time::Duration;

use prost::Message as _;
use tonic::Status;

/// The last part of the detail's type.
const RETRY_INFO: &str = "google.rpc.RetryInfo";

/// `google.rpc.Status`, as far as it matters here.
#[derive(Clone, PartialEq, prost::Message)]
struct Details {
    #[prost(message, repeated, tag = "3")]
    details: Vec<prost_types::Any>,
}

/// `google.rpc.RetryInfo`.
#[derive(Clone, PartialEq, prost::Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    retry_delay: Option<prost_types::Duration>,
}

/// What a status says; nothing where it says nothing that can be understood.
pub(super) fn retry_after(status: &Status) -> Option<Duration> {
    in_details(status.details()).or_else(|| {
        let seconds = status.metadata().get("retry-after")?.to_str().ok()?;
        seconds.trim().parse().ok().map(Duration::from_secs)
    })
}

fn in_details(details: &[u8]) -> Option<Duration> {
    let details = Details::decode(details).ok()?.details;
    let info = details
        .iter()
        .find(|detail| detail.type_url.rsplit('/').next() == Some(RETRY_INFO))?;
    let delay = RetryInfo::decode(info.value.as_slice()).ok()?.retry_delay?;
    Duration::try_from(delay).ok()
}

#[cfg(test)]
mod tests {
    use tonic::Code;
    use tonic::metadata::MetadataMap;

    use super::*;

    fn with_delay(seconds: i64, nanos: i32) -> Status {
        let info = RetryInfo {
            retry_delay: Some(prost_types::Duration { seconds, nanos }),
        };
        let any = |name: &str, value| prost_types::Any {
            type_url: format!("type.googleapis.com/{name}"),
            value,
        };
        let details = Details {
            details: vec![
                any("google.rpc.Help", vec![1, 2, 3]),
                any(RETRY_INFO, info.encode_to_vec()),
            ],
        };
        let details = details.encode_to_vec();
        Status::with_details(Code::ResourceExhausted, "slow down", details.into())
    }

    #[test]
    fn a_service_says_how_long_in_its_details_or_metadata() {
        assert_eq!(
            retry_after(&with_delay(7, 500_000_000)),
            Some(Duration::from_millis(7500))
        );
        let mut metadata = MetadataMap::new();
        metadata.insert("retry-after", "30".parse().unwrap());
        let status = Status::with_metadata(Code::ResourceExhausted, "", metadata);
        assert_eq!(retry_after(&status), Some(Duration::from_secs(30)));
    }

    #[test]
    fn nonsense_is_no_answer() {
        assert_eq!(retry_after(&Status::resource_exhausted("")), None);
        assert_eq!(retry_after(&with_delay(-7, 0)), None);
        let torn = Status::with_details(Code::ResourceExhausted, "", vec![0xff, 0x1a].into());
        assert_eq!(retry_after(&torn), None);
        for text in ["soon", "-1", "1e9", "Fri, 31 Dec 1999 23:59:59 GMT"] {
            let mut metadata = MetadataMap::new();
            metadata.insert("retry-after", text.parse().unwrap());
            let status = Status::with_metadata(Code::ResourceExhausted, "", metadata);
            assert_eq!(retry_after(&status), None, "{text}");
        }
    }
}
