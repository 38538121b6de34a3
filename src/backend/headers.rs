//! The headers of a call that are the same for every way of carrying it: who calls, on whose quota, and where it is to
//! be routed.

use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::auth::TokenSource;
use super::call::Connection;
use super::error::{BackendError, BackendErrorKind};
use super::transport::Call;

const ROUTING_HEADER: &str = "x-goog-request-params";
const USER_PROJECT: &str = "x-goog-user-project";

/// What routing parameters are encoded like: everything but the unreserved characters and `/` (ces-api 1.6).
const ROUTING: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'/');

/// Makes the headers of calls over one connection.
pub(in crate::backend) struct Headers {
    credentials: TokenSource,
    user_project: Option<HeaderValue>,
}

impl Headers {
    /// # Errors
    /// When credentials may not go there, or a header cannot be made.
    pub(in crate::backend) fn new(connection: &Connection) -> Result<Self, BackendError> {
        let user_project = connection
            .user_project
            .as_deref()
            .map(|project| header(USER_PROJECT, project));
        Ok(Self {
            credentials: TokenSource::of(connection)?,
            user_project: user_project.transpose()?,
        })
    }

    /// The headers of a call, with a token that holds.
    ///
    /// # Errors
    /// When there is no token, or a header cannot be made. Nothing was sent then.
    pub(in crate::backend) async fn of(&self, call: &Call) -> Result<HeaderMap, BackendError> {
        let mut headers = self.credentials.headers().await?;
        let (name, value) = &call.routing;
        let mut routing = [name, "="].concat();
        routing.extend(utf8_percent_encode(value, ROUTING));
        let mut routing = header(ROUTING_HEADER, &routing)?;
        // Compression does not remember such values. Sessions are many: they would drive out what all calls share.
        routing.set_sensitive(true);
        headers.insert(ROUTING_HEADER, routing);
        if let Some(project) = &self.user_project {
            headers.insert(USER_PROJECT, project.clone());
        }
        for (name, value) in &call.headers {
            headers.insert(HeaderName::from_static(name), header(name, value)?);
        }
        Ok(headers)
    }
}

fn header(name: &str, value: &str) -> Result<HeaderValue, BackendError> {
    HeaderValue::from_str(value).map_err(|_| {
        BackendError::new(
            BackendErrorKind::Request,
            format!("`{}` cannot stand in the header {name}", value.escape_debug()),
        )
    })
}
