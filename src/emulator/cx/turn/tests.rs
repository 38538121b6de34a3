//! Each settled rule of the runtime as a test of its own, with an agent made for it. The topics are the files below.

mod bounds;
mod events;
mod flows;
mod forms;
mod fulfillments;
mod generative;
mod handlers;
mod requests;
mod webhooks;
