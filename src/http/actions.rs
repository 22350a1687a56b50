//! What staff can do to a petition: one operation for each row of the table of moves.

use actix_web::{
    FromRequest, HttpRequest, HttpResponse,
    dev::Payload,
    http::header,
    web::{ServiceConfig, post, resource},
};
use utoipa::OpenApi;

use super::{
    auth::Call,
    bodies::*,
    extract::{Form, IdempotencyKey, IfMatch, PathId},
    problem::Problem,
    views::PetitionView,
};
use crate::{
    app::{
        self, Error,
        actions::{self, Request, Seen},
        caller::Caller,
        reading,
    },
    domain::{
        id::{PetitionId, PetitionKey},
        vocabulary::Action,
    },
};

/// The headers of an action, read but not yet judged.
pub(super) struct Demand {
    pub(super) seen: Result<Seen, Error>,
    pub(super) key: Result<Option<String>, Error>,
}

impl FromRequest for Demand {
    type Error = actix_web::Error;
    type Future = std::future::Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let IfMatch(version) =
            IfMatch::from_request(request, payload).into_inner().unwrap_or_else(|never| match never {});
        let key = IdempotencyKey::from_request(request, payload)
            .into_inner()
            .unwrap_or_else(|never| match never {});
        let seen = match version {
            Ok(version) => Ok(u32::try_from(version).map_or(Seen::Foreign, Seen::Version)),
            Err(Error::PreconditionRequired) => Ok(Seen::Nothing),
            Err(Error::Stale) => Ok(Seen::Foreign),
            Err(error) => Err(error),
        };
        std::future::ready(Ok(Self { seen, key: key.0 }))
    }
}

/// Puts a call of an action together; faults of form are carried along.
pub(super) fn demanded<B: Into<Request>>(
    call: &Call,
    caller: Caller,
    petition: PetitionId,
    action: Action,
    demand: Demand,
    body: Form<B>,
) -> actions::Call {
    let (request, fingerprint) = match body.0 {
        Ok(filled) => (Ok(filled.content.into()), filled.fingerprint.to_vec()),
        Err(error) => (Err(error), Vec::new()),
    };
    let key = demand.key.map(|key| key.map(|key| call.key(&caller, key, &fingerprint)));
    let (seen, request) = match demand.seen {
        Ok(seen) => (seen, request),
        Err(error) => (Seen::Nothing, request.and(Err(error))),
    };
    actions::Call { caller, petition, action, request, seen, key }
}

/// Does what an official asks for and answers with the petition as it then is.
async fn act<B: Into<Request>>(
    call: Call,
    id: PathId<PetitionKey>,
    action: Action,
    demand: Demand,
    body: Form<B>,
) -> Result<HttpResponse, Problem> {
    let caller = call.official()?;
    let demanded = demanded(&call, caller.clone(), id.0?, action, demand, body);
    let language = call.language;
    let (view, replayed) = call
        .app
        .write(call.request_id.clone(), move |tx, world| {
            let done = actions::perform(tx, world, &demanded)?;
            let replayed = done.is_replayed();
            match reading::read_done(tx, world, &demanded.caller, done) {
                Ok(reading) => Ok((Some(PetitionView::of(&reading, world.rules(), language)), replayed)),
                // The act may have ended the caller's own access: a transfer, a sealing, a declined assignment.
                Err(app::Error::NotFound) => Ok((None, replayed)),
                Err(error) => Err(error),
            }
        })
        .await?;
    Ok(answer(view, replayed))
}

/// The petition with its version; 204 for somebody who may no longer see it.
fn answer(view: Option<PetitionView>, replayed: bool) -> HttpResponse {
    let Some(view) = view else { return HttpResponse::NoContent().finish() };
    let mut reply = HttpResponse::Ok();
    reply.insert_header((header::ETAG, view.etag()));
    reply.insert_header((header::CACHE_CONTROL, "private, no-cache"));
    if replayed {
        reply.insert_header(("Idempotent-Replayed", "true"));
    }
    reply.json(view)
}

macro_rules! actions {
    ($($(#[doc = $doc:literal])+ $handler:ident: $action:ident $path:literal $body:ty, $header:literal $why:literal;)+) => {
        #[derive(OpenApi)]
        #[openapi(paths($($handler),+))]
        pub(super) struct Api;

        /// The addresses of the actions.
        pub(super) fn routes(config: &mut ServiceConfig) {
            config$(.service(resource($path).route(post().to($handler))))+;
        }

        $($(#[doc = $doc])+
        #[utoipa::path(post, path = $path, tag = "actions", security(("bearer" = [])),
            params(
                ("id" = uuid::Uuid, Path, description = "The petition."),
                ($header = String, Header, description = $why, max_length = 70),
            ),
            request_body = $body,
            responses(
                (status = 200, description = "Done: the petition as it is now.", body = PetitionView,
                    headers(("ETag" = String, description = "The new version."))),
                (status = 204, description = "Done, and by it you may no longer see the petition."),
            ))]
        async fn $handler(call: Call, id: PathId<PetitionKey>, demand: Demand, body: Form<$body>) -> Result<HttpResponse, Problem> {
            act(call, id, Action::$action, demand, body).await
        })+
    };
}

actions! {
    /// Classify a petition.
    ///
    /// Says what it is; deadlines are selected anew and count from their original start. A denunciation is sealed at once.
    classify_petition: Classification "/v1/petitions/{id}/classification" ClassificationBody, "If-Match" "The version you saw, such as \"3\".";
    /// Reclassify a petition.
    ///
    /// Changes kind, field or visibility of an open petition; afterwards only to a stricter visibility.
    reclassify_petition: Reclassification "/v1/petitions/{id}/reclassification" ReclassificationBody, "If-Match" "The version you saw, such as \"3\".";
    /// Correct a transcription.
    ///
    /// Puts right what was copied wrongly from the letter; history keeps what was there before.
    correct_petition: Correction "/v1/petitions/{id}/correction" CorrectionBody, "If-Match" "The version you saw, such as \"3\".";
    /// Ask for a supplement.
    ///
    /// The clock rests until the supplement comes or the day to answer by has ended, whichever is first.
    request_supplement: SupplementRequest "/v1/petitions/{id}/supplement-request" SupplementRequestBody, "If-Match" "The version you saw, such as \"3\".";
    /// Record a supplement.
    ///
    /// What was missing came in on paper; the clock goes on.
    record_supplement: Supplement "/v1/petitions/{id}/supplement" SupplementBody, "Idempotency-Key" "Makes a repeated request have one effect.";
    /// Waive a supplement.
    ///
    /// It can go on without; only who asked, or intake.
    waive_supplement: SupplementWaiver "/v1/petitions/{id}/supplement-waiver" SupplementWaiverBody, "If-Match" "The version you saw, such as \"3\".";
    /// Reject a petition.
    ///
    /// It is not taken up; when we are not competent the citizen is guided to who is.
    reject_petition: Rejection "/v1/petitions/{id}/rejection" RejectionBody, "If-Match" "The version you saw, such as \"3\".";
    /// File a petition.
    ///
    /// Kept without handling (lưu đơn).
    file_petition: Filing "/v1/petitions/{id}/filing" FilingBody, "If-Match" "The version you saw, such as \"3\".";
    /// Forward a petition.
    ///
    /// Passed on to a competent body outside this installation.
    forward_petition: Forwarding "/v1/petitions/{id}/forwarding" ForwardingBody, "If-Match" "The version you saw, such as \"3\".";
    /// Record the result of forwarding.
    ///
    /// What the other body answered.
    record_forwarding_result: ForwardingResult "/v1/petitions/{id}/forwarding-result" ForwardingResultBody, "If-Match" "The version you saw, such as \"3\".";
    /// Split a petition.
    ///
    /// A mixed letter becomes several petitions, each received when the letter was.
    split_petition: Split "/v1/petitions/{id}/split" SplitBody, "If-Match" "The version you saw, such as \"3\".";
    /// Merge a petition.
    ///
    /// The same matter as another petition, which takes over the earlier deadline.
    merge_petition: Merge "/v1/petitions/{id}/merge" MergeBody, "If-Match" "The version you saw, such as \"3\".";
    /// Undo a merge.
    ///
    /// Its clocks go on as if they had never stopped.
    reverse_merge: MergeReversal "/v1/petitions/{id}/merge-reversal" MergeReversalBody, "If-Match" "The version you saw, such as \"3\".";
    /// Assign a petition.
    ///
    /// To an agency and a named responsible person; a deadline must run.
    assign_petition: Assignment "/v1/petitions/{id}/assignment" AssignmentBody, "If-Match" "The version you saw, such as \"3\".";
    /// Transfer a petition.
    ///
    /// To another agency and person; the clocks go on.
    transfer_petition: Transfer "/v1/petitions/{id}/transfer" TransferBody, "If-Match" "The version you saw, such as \"3\".";
    /// Hand a petition over.
    ///
    /// To another person of the same agency.
    hand_over_petition: Handover "/v1/petitions/{id}/handover" HandoverBody, "If-Match" "The version you saw, such as \"3\".";
    /// Decline a petition.
    ///
    /// Not ours, and whose it is instead.
    decline_petition: Decline "/v1/petitions/{id}/decline" DeclineBody, "If-Match" "The version you saw, such as \"3\".";
    /// Accept a petition.
    ///
    /// The first acceptance of a round meets the intake and starts the resolution where the rule says so.
    accept_petition: Acceptance "/v1/petitions/{id}/acceptance" AcceptanceBody, "If-Match" "The version you saw, such as \"3\".";
    /// Suspend a petition.
    ///
    /// By written decision; the clock rests until the resumption.
    suspend_petition: Suspension "/v1/petitions/{id}/suspension" SuspensionBody, "If-Match" "The version you saw, such as \"3\".";
    /// Resume a petition.
    ///
    /// The clock goes on with what was left.
    resume_petition: Resumption "/v1/petitions/{id}/resumption" ResumptionBody, "If-Match" "The version you saw, such as \"3\".";
    /// Extend the deadline.
    ///
    /// Not by the responsible person, not after the due instant, not above the ceiling.
    extend_deadline: Extension "/v1/petitions/{id}/extension" ExtensionBody, "If-Match" "The version you saw, such as \"3\".";
    /// Note progress.
    ///
    /// Public notes are shown to the citizen and, on a public petition, to everybody.
    note_progress: ProgressNote "/v1/petitions/{id}/progress-note" ProgressNoteBody, "Idempotency-Key" "Makes a repeated request have one effect.";
    /// Draft the reply.
    ///
    /// A further draft replaces the one before; everybody who wrote a part is remembered.
    draft_reply: ReplyDraft "/v1/petitions/{id}/reply-draft" ReplyDraftBody, "If-Match" "The version you saw, such as \"3\".";
    /// Submit the reply.
    ///
    /// The draft goes to whoever signs.
    submit_reply: ReplySubmission "/v1/petitions/{id}/reply-submission" ReplySubmissionBody, "If-Match" "The version you saw, such as \"3\".";
    /// Return the draft.
    ///
    /// With remarks.
    return_reply: ReplyReturn "/v1/petitions/{id}/reply-return" ReplyReturnBody, "If-Match" "The version you saw, such as \"3\".";
    /// Approve the reply.
    ///
    /// By somebody who wrote no part of it. The resolution is met at the recorded instant, whatever date the document bears.
    approve_reply: ReplyApproval "/v1/petitions/{id}/reply-approval" ReplyApprovalBody, "If-Match" "The version you saw, such as \"3\".";
    /// Revise the reply.
    ///
    /// The earlier version stays in history.
    revise_reply: ReplyRevision "/v1/petitions/{id}/reply-revision" ReplyRevisionBody, "If-Match" "The version you saw, such as \"3\".";
    /// Publish the reply.
    ///
    /// A separate, reviewed text without personal data.
    publish_reply: Publication "/v1/petitions/{id}/publication" PublicationBody, "If-Match" "The version you saw, such as \"3\".";
    /// Take the public copy down.
    ///
    /// Hides it from everybody; a sealed copy stays.
    take_down: Takedown "/v1/petitions/{id}/takedown" TakedownBody, "If-Match" "The version you saw, such as \"3\".";
    /// Record the delivery.
    ///
    /// Starts the appeal window.
    record_delivery: Delivery "/v1/petitions/{id}/delivery" DeliveryBody, "If-Match" "The version you saw, such as \"3\".";
    /// Close a petition.
    ///
    /// An answered one closes by itself after thirty days.
    close_petition: Closing "/v1/petitions/{id}/closing" ClosingBody, "If-Match" "The version you saw, such as \"3\".";
    /// Refuse reconsideration.
    ///
    /// With reasons, by somebody who took no part in the answer; a request that is granted is a reopening.
    decide_reconsideration: ReconsiderationDecision "/v1/petitions/{id}/reconsideration-decision" ReconsiderationDecisionBody, "If-Match" "The version you saw, such as \"3\".";
    /// Reopen a petition.
    ///
    /// A new round with its own clock; the first one stays what the statistics show.
    reopen_petition: Reopening "/v1/petitions/{id}/reopening" ReopeningBody, "If-Match" "The version you saw, such as \"3\".";
    /// Record a withdrawal.
    ///
    /// A complaint or denunciation goes on after a recorded request; a group's petition until all have withdrawn.
    record_withdrawal: Withdrawal "/v1/petitions/{id}/withdrawal" WithdrawalBody, "If-Match" "The version you saw, such as \"3\".";
    /// Terminate a petition.
    ///
    /// The procedure ends without an answer, by written decision.
    terminate_petition: Termination "/v1/petitions/{id}/termination" TerminationBody, "If-Match" "The version you saw, such as \"3\".";
    /// Urge the agency.
    ///
    /// Đôn đốc: recorded on the petition; a progress note answers it.
    urge_agency: Urging "/v1/petitions/{id}/urging" UrgingBody, "Idempotency-Key" "Makes a repeated request have one effect.";
}
