//! What jobs are charged with, in the transactions that submit and end them.

use super::Scope;
use crate::server::error::ApiError;
use crate::server::ids::{InputDigest, JobId, KeyId, ModelId, TenantId};
use crate::server::ledger::{shown, About, Charge};
use sqlx::{Any, AssertSqlSafe, Row, Transaction};

/// Charges a job to the key that asks for it, within the transaction that submits it. The tenant's submissions wait for each
/// other there, so that two of them cannot both take the last bits. A key is charged once for a job; of several keys that
/// ask for the same job, the first one's charge counts for the model and the input.
///
/// # Errors
/// [`ApiError::Refused`] if a budget does not suffice.
pub(in crate::server::db) async fn reserve(
    tx: &mut Transaction<'static, Any>,
    tenant: &TenantId,
    job: &JobId,
    charge: &Charge,
) -> Result<(), ApiError> {
    let rows = sqlx::query("SELECT requester FROM ledger WHERE job = $1")
        .bind(job)
        .fetch_all(&mut **tx)
        .await?;
    let asked = rows
        .iter()
        .map(|row| row.try_get("requester"))
        .collect::<Result<Vec<KeyId>, _>>()?;
    match asked.as_slice() {
        [] => reserve_first(tx, tenant, job, charge, true).await,
        asked if asked.contains(&charge.requester) => Ok(()),
        _ => {
            suffices(tx, tenant, charge, false).await?;
            charged(tx, tenant, job, charge, false).await
        }
    }
}

/// The same for a job that nobody asked for before, of a tenant that has budgets or none.
///
/// # Errors
/// Those of [`reserve`].
pub(in crate::server::db) async fn reserve_first(
    tx: &mut Transaction<'static, Any>,
    tenant: &TenantId,
    job: &JobId,
    charge: &Charge,
    budgets: bool,
) -> Result<(), ApiError> {
    if budgets {
        suffices(tx, tenant, charge, true).await?;
    }
    charged(tx, tenant, job, charge, true).await
}

/// Refuses a charge that a budget does not suffice for.
async fn suffices(
    tx: &mut Transaction<'static, Any>,
    tenant: &TenantId,
    charge: &Charge,
    first: bool,
) -> Result<(), ApiError> {
    let rows = sqlx::query(
        "SELECT scope, microbits FROM budgets WHERE tenant = $1 AND ((scope = 'key' AND subject = $2) OR (scope <> 'key' AND subject = $3))",
    )
    .bind(tenant)
    .bind(&charge.requester)
    .bind(&charge.model)
    .fetch_all(&mut **tx)
    .await?;
    for row in rows {
        let scope = Scope::parse(row.try_get("scope")?)?;
        let budget: i64 = row.try_get("microbits")?;
        if !first && matches!(scope, Scope::Model | Scope::Input) {
            continue;
        }
        let mut spent: i64 = 0;
        for (subject, part) in scope.of(charge) {
            let row = sqlx::query(
                "SELECT microbits FROM spent WHERE tenant = $1 AND scope = $2 AND subject = $3 AND part = $4",
            )
            .bind(tenant)
            .bind(scope.name())
            .bind(subject)
            .bind(part)
            .fetch_optional(&mut **tx)
            .await?;
            spent = spent.max(row.map_or(Ok(0), |row| row.try_get("microbits"))?);
        }
        if spent.saturating_add(charge.microbits) > budget {
            return Err(ApiError::Refused {
                code: "budget-exceeded".into(),
                message: format!(
                    "the receipt may reveal {} bits; {} of the {} bits for {} are taken",
                    shown(charge.microbits),
                    shown(spent),
                    shown(budget),
                    scope.what()
                ),
                help: "choose a policy that reveals less, or ask the model's owner for a larger budget".into(),
                forecast: None,
            });
        }
    }
    Ok(())
}

async fn charged(
    tx: &mut Transaction<'static, Any>,
    tenant: &TenantId,
    job: &JobId,
    charge: &Charge,
    first: bool,
) -> Result<(), ApiError> {
    for input in &charge.about.joint {
        sqlx::query(
            "INSERT INTO joint_inputs (tenant, model, joint, input) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        )
        .bind(tenant)
        .bind(&charge.model)
        .bind(&charge.about.input)
        .bind(input)
        .execute(&mut **tx)
        .await?;
    }
    sqlx::query("INSERT INTO ledger (job, tenant, model, input, requester, policy, microbits, again) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
        .bind(job)
        .bind(tenant)
        .bind(&charge.model)
        .bind(&charge.about.input)
        .bind(&charge.requester)
        .bind(&charge.policy)
        .bind(charge.microbits)
        .bind(i64::from(!first))
        .execute(&mut **tx)
        .await?;
    add(tx, tenant, charge, first, charge.microbits).await?;
    let reserved = Moved {
        reserved: charge.microbits,
        ..Moved::default()
    };
    enter(tx, tenant, charge, first, &reserved).await
}

/// How a job ended, to the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::server::db) enum End {
    /// With a receipt.
    Published,
    /// Without one, although a worker began.
    Spent,
    /// Before a worker began, or by a fault of the service.
    Released,
}

impl End {
    /// The end of a job that was given up after so many attempts.
    pub(in crate::server::db) fn given_up(attempts: i64) -> Self {
        if attempts > 0 {
            Self::Spent
        } else {
            Self::Released
        }
    }
}

/// Settles or releases what a job was charged with, within the transaction that ends it.
pub(in crate::server::db) async fn settle(
    tx: &mut Transaction<'static, Any>,
    job: &JobId,
    end: End,
) -> Result<(), ApiError> {
    let rows = sqlx::query(
        "SELECT tenant, model, input, requester, policy, microbits, again FROM ledger WHERE job = $1 AND state = 'reserved' ORDER BY requester",
    )
    .bind(job)
    .fetch_all(&mut **tx)
    .await?;
    for row in &rows {
        let tenant: TenantId = row.try_get("tenant")?;
        let first = row.try_get::<i64, _>("again")? == 0;
        let model: ModelId = row.try_get("model")?;
        let charge = Charge {
            about: about(tx, &tenant, &model, row.try_get("input")?).await?,
            model,
            requester: row.try_get("requester")?,
            policy: row.try_get("policy")?,
            microbits: row.try_get("microbits")?,
        };
        let moved = Moved {
            receipts: i64::from(end == End::Published),
            settled: if end == End::Released { 0 } else { charge.microbits },
            reserved: charge.microbits.saturating_neg(),
        };
        enter(tx, &tenant, &charge, first, &moved).await?;
        if end == End::Released {
            add(tx, &tenant, &charge, first, charge.microbits.saturating_neg()).await?;
        }
    }
    sqlx::query("UPDATE ledger SET state = $2 WHERE job = $1 AND state = 'reserved'")
        .bind(job)
        .bind(if end == End::Released { "released" } else { "spent" })
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// What an entry is about.
async fn about(
    tx: &mut Transaction<'static, Any>,
    tenant: &TenantId,
    model: &ModelId,
    input: InputDigest,
) -> Result<About, ApiError> {
    let rows =
        sqlx::query("SELECT input FROM joint_inputs WHERE tenant = $1 AND model = $2 AND joint = $3 ORDER BY input")
            .bind(tenant)
            .bind(model)
            .bind(&input)
            .fetch_all(&mut **tx)
            .await?;
    let joint = rows.iter().map(|row| row.try_get("input")).collect::<Result<_, _>>()?;
    Ok(About { input, joint })
}

/// Adds to what counts against budgets. The rows are changed in one order everywhere.
async fn add(
    tx: &mut Transaction<'static, Any>,
    tenant: &TenantId,
    charge: &Charge,
    first: bool,
    microbits: i64,
) -> Result<(), ApiError> {
    let scopes = Scope::ALL
        .into_iter()
        .filter(|scope| first || !matches!(scope, Scope::Model | Scope::Input));
    let rows: Vec<_> = scopes
        .flat_map(|scope| {
            scope
                .of(charge)
                .into_iter()
                .map(move |(subject, part)| (scope, subject, part))
        })
        .collect();
    let places: Vec<_> = (0..rows.len())
        .map(|row| format!("($1, ${}, ${}, ${}, $2)", 3 * row + 3, 3 * row + 4, 3 * row + 5))
        .collect();
    let query = format!(
        "INSERT INTO spent (tenant, scope, subject, part, microbits) VALUES {}
         ON CONFLICT (tenant, scope, subject, part) DO UPDATE SET microbits = spent.microbits + excluded.microbits",
        places.join(", ")
    );
    let mut query = sqlx::query(AssertSqlSafe(query)).bind(tenant).bind(microbits);
    for (scope, subject, part) in rows {
        query = query.bind(scope.name()).bind(subject).bind(part);
    }
    query.execute(&mut **tx).await?;
    Ok(())
}

/// What is added to an account.
#[derive(Clone, Copy, Debug, Default)]
struct Moved {
    receipts: i64,
    settled: i64,
    reserved: i64,
}

async fn enter(
    tx: &mut Transaction<'static, Any>,
    tenant: &TenantId,
    charge: &Charge,
    first: bool,
    moved: &Moved,
) -> Result<(), ApiError> {
    let if_first = |microbits: i64| if first { microbits } else { 0 };
    sqlx::query(
        "INSERT INTO accounts (tenant, model, input, requester, policy, receipts, settled, reserved, settled_first, reserved_first)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (tenant, model, input, requester, policy) DO UPDATE SET receipts = accounts.receipts + excluded.receipts,
             settled = accounts.settled + excluded.settled, reserved = accounts.reserved + excluded.reserved,
             settled_first = accounts.settled_first + excluded.settled_first,
             reserved_first = accounts.reserved_first + excluded.reserved_first",
    )
    .bind(tenant)
    .bind(&charge.model)
    .bind(&charge.about.input)
    .bind(&charge.requester)
    .bind(&charge.policy)
    .bind(moved.receipts)
    .bind(moved.settled)
    .bind(moved.reserved)
    .bind(if_first(moved.settled))
    .bind(if_first(moved.reserved))
    .execute(&mut **tx)
    .await
    .map(drop)?;
    Ok(())
}
