//! The `v3beta1` face of the service: requests are read as `v3`, responses written as `v3` and then completed with
//! what only this version has (cx-sessions-api 6.3).

use std::pin::Pin;

use futures::{Stream, StreamExt as _, stream};
use prost::Message;
use tonic::{Request, Response, Status, Streaming};

use super::speech::Streamed;
use super::{Beside, CxService};
use crate::proto::cx_v3beta1::sessions_server::Sessions;
use crate::proto::{cx_v3beta1 as cx, transcode};

type ResponseStream<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// A message as the other version's.
fn other<A: Message, B: Message + Default>(message: &A) -> Result<B, Status> {
    transcode(message).map_err(|error| Status::internal(format!("v3 and v3beta1 differ: {error}")))
}

/// Which webhooks were called, and which playbook speaks, stands in this version's results; the latter goes with the
/// diagnostics (cx-sessions-api 6.4).
fn complete(result: Option<&mut cx::QueryResult>, beside: &Beside) {
    let Some(result) = result else { return };
    let Beside { webhooks, playbook } = beside;
    if let (Some(playbook), true) = (playbook, result.diagnostic_info.is_some()) {
        result.generative_info = Some(cx::GenerativeInfo {
            current_playbooks: vec![playbook.clone()],
            ..cx::GenerativeInfo::default()
        });
    }
    result.webhook_display_names = webhooks.iter().map(|called| called.name.clone()).collect();
    result.webhook_tags = webhooks.iter().map(|called| called.tag.clone()).collect();
    result.webhook_latencies = webhooks
        .iter()
        .map(|called| crate::proto::time::duration_to_proto(called.waited))
        .collect();
}

#[tonic::async_trait]
impl Sessions for CxService {
    type ServerStreamingDetectIntentStream = ResponseStream<cx::DetectIntentResponse>;
    type StreamingDetectIntentStream = ResponseStream<cx::StreamingDetectIntentResponse>;

    async fn detect_intent(
        &self,
        request: Request<cx::DetectIntentRequest>,
    ) -> Result<Response<cx::DetectIntentResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        let (response, beside) = self.detect(&metadata, other(&request)?).await?;
        let mut response: cx::DetectIntentResponse = other(&response)?;
        complete(response.query_result.as_mut(), &beside);
        Ok(Response::new(response))
    }

    async fn server_streaming_detect_intent(
        &self,
        request: Request<cx::DetectIntentRequest>,
    ) -> Result<Response<Self::ServerStreamingDetectIntentStream>, Status> {
        let (metadata, _, request) = request.into_parts();
        let parts = self.detect_in_parts(&metadata, other(&request)?, None).await?;
        let responses = stream::unfold(parts, |mut parts| async move {
            let (part, is_last) = parts.next().await?;
            let part = other(&part).map(|mut part: cx::DetectIntentResponse| {
                if is_last {
                    complete(part.query_result.as_mut(), &parts.beside);
                }
                part
            });
            Some((part, parts))
        });
        Ok(Response::new(Box::pin(responses)))
    }

    async fn streaming_detect_intent(
        &self,
        request: Request<Streaming<cx::StreamingDetectIntentRequest>>,
    ) -> Result<Response<Self::StreamingDetectIntentStream>, Status> {
        let (metadata, _, requests) = request.into_parts();
        let requests = requests.map(|request| request.and_then(|request| other(&request)));
        let responses = self.converse(metadata, requests).map(|streamed| {
            let Streamed { response, beside } = streamed?;
            let mut response: cx::StreamingDetectIntentResponse = other(&response)?;
            if let (
                Some(beside),
                Some(cx::streaming_detect_intent_response::Response::DetectIntentResponse(last)),
            ) = (&beside, &mut response.response)
            {
                complete(last.query_result.as_mut(), beside);
            }
            Ok(response)
        });
        Ok(Response::new(Box::pin(responses)))
    }

    async fn match_intent(
        &self,
        request: Request<cx::MatchIntentRequest>,
    ) -> Result<Response<cx::MatchIntentResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        let response = self.match_intent(&metadata, other(&request)?).await?;
        Ok(Response::new(other(&response)?))
    }

    async fn fulfill_intent(
        &self,
        request: Request<cx::FulfillIntentRequest>,
    ) -> Result<Response<cx::FulfillIntentResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        let (response, beside) = self.fulfill(&metadata, other(&request)?).await?;
        let mut response: cx::FulfillIntentResponse = other(&response)?;
        complete(response.query_result.as_mut(), &beside);
        Ok(Response::new(response))
    }

    async fn submit_answer_feedback(
        &self,
        request: Request<cx::SubmitAnswerFeedbackRequest>,
    ) -> Result<Response<cx::AnswerFeedback>, Status> {
        let feedback = self.feedback(other(&request.into_inner())?).await?;
        Ok(Response::new(other(&feedback)?))
    }
}
