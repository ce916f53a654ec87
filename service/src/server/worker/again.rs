//! What becomes of a job whose attempt gave nothing.

use super::retry::{self, Cause, Tries};
use crate::server::db::{Again, Lease, Outcome};
use crate::server::error::ApiError;
use crate::server::ids::TaskId;
use crate::server::metrics::Because;
use crate::server::problem::Problem;
use crate::server::state::App;

/// A new attempt, later, if one is left.
pub(in crate::server) async fn again_or_fail(
    app: &App,
    lease: &Lease,
    tries: Tries,
    cause: Cause,
) -> Result<(Outcome, &'static str), ApiError> {
    let (now, most) = (app.now(), app.config.limits.attempts);
    let counted = tries.counted(cause);
    if !cause.of_machine() && counted >= most {
        let detail = format!("the job was tried {counted} times and each attempt died");
        let problem = Problem::new(
            500,
            "attempts-exhausted",
            detail,
            "ask the operator for the cause; the log has it",
        );
        return Ok((app.db.fail(lease, &problem, now).await?, "failed"));
    }
    if cause.of_machine() && tries.faults + 1 >= app.config.limits.faults {
        let problem = Problem::new(
            500,
            "faults-exhausted",
            format!(
                "a fault of the service's machines ended the job {} times, the last one is `{}`",
                tries.faults + 1,
                cause.name()
            ),
            "nothing is charged for it; ask the operator for the cause, the log has it, and then for the same again",
        );
        return Ok((app.db.fail(lease, &problem, now).await?, "failed"));
    }
    let again = Again {
        task: TaskId::fresh(),
        cause,
        not_before: now + retry::delay(tries.attempt, &app.config.timing)?,
    };
    let outcome = app.db.give_back(lease, &again, now).await?;
    if outcome == Outcome::Applied {
        app.metrics
            .retries
            .get_or_create(&Because { cause: cause.name() })
            .inc();
        app.queue.push(&again.task, again.not_before).await?;
    }
    Ok((outcome, "retried"))
}
