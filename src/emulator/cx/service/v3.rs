//! The `v3` face of the service.

use std::pin::Pin;

use futures::{Stream, StreamExt as _, stream};
use tonic::{Request, Response, Status, Streaming};

use super::CxService;
use crate::proto::cx_v3 as cx;
use crate::proto::cx_v3::sessions_server::Sessions;

type ResponseStream<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl Sessions for CxService {
    type ServerStreamingDetectIntentStream = ResponseStream<cx::DetectIntentResponse>;
    type StreamingDetectIntentStream = ResponseStream<cx::StreamingDetectIntentResponse>;

    async fn detect_intent(
        &self,
        request: Request<cx::DetectIntentRequest>,
    ) -> Result<Response<cx::DetectIntentResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        let (response, _) = self.detect(&metadata, request).await?;
        Ok(Response::new(response))
    }

    async fn server_streaming_detect_intent(
        &self,
        request: Request<cx::DetectIntentRequest>,
    ) -> Result<Response<Self::ServerStreamingDetectIntentStream>, Status> {
        let (metadata, _, request) = request.into_parts();
        let parts = self.detect_in_parts(&metadata, request, None).await?;
        let responses = stream::unfold(parts, |mut parts| async move {
            let (part, _) = parts.next().await?;
            Some((Ok(part), parts))
        });
        Ok(Response::new(Box::pin(responses)))
    }

    async fn streaming_detect_intent(
        &self,
        request: Request<Streaming<cx::StreamingDetectIntentRequest>>,
    ) -> Result<Response<Self::StreamingDetectIntentStream>, Status> {
        let (metadata, _, requests) = request.into_parts();
        let responses = self.converse(metadata, requests);
        let responses = responses.map(|streamed| streamed.map(|streamed| streamed.response));
        Ok(Response::new(Box::pin(responses)))
    }

    async fn match_intent(
        &self,
        request: Request<cx::MatchIntentRequest>,
    ) -> Result<Response<cx::MatchIntentResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        Ok(Response::new(self.match_intent(&metadata, request).await?))
    }

    async fn fulfill_intent(
        &self,
        request: Request<cx::FulfillIntentRequest>,
    ) -> Result<Response<cx::FulfillIntentResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        let (response, _) = self.fulfill(&metadata, request).await?;
        Ok(Response::new(response))
    }

    async fn submit_answer_feedback(
        &self,
        request: Request<cx::SubmitAnswerFeedbackRequest>,
    ) -> Result<Response<cx::AnswerFeedback>, Status> {
        Ok(Response::new(self.feedback(request.into_inner()).await?))
    }
}
