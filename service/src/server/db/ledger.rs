//! The ledger of what receipts let out.

use super::registry::lock;
use super::Db;
use crate::server::error::ApiError;
use crate::server::ledger::{shown, Charge};
use serde::Serialize;
use sqlx::any::AnyRow;
use sqlx::{Any, AssertSqlSafe, Row, Transaction};
use utoipa::ToSchema;

/// Which receipts count against a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of a model.
    Model,
    /// Those of a model about one input, each.
    Input,
    /// Those of a model that one key asked for, each.
    Requester,
    /// All that a key asked for.
    Key,
}

impl Scope {
    const ALL: [Self; 4] = [Self::Model, Self::Input, Self::Requester, Self::Key];

    pub fn name(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Input => "input",
            Self::Requester => "requester",
            Self::Key => "key",
        }
    }

    fn parse(name: &str) -> Result<Self, ApiError> {
        let known = Self::ALL.into_iter().find(|scope| scope.name() == name);
        known.ok_or_else(|| ApiError::Internal(format!("unknown scope {name}")))
    }

    fn what(self) -> &'static str {
        match self {
            Self::Model => "this model",
            Self::Input => "this input under this model",
            Self::Requester => "this key under this model",
            Self::Key => "this key",
        }
    }

    /// What a charge counts as.
    fn of(self, charge: &Charge) -> (&str, &str) {
        match self {
            Self::Model => (&charge.model, ""),
            Self::Input => (&charge.model, &charge.input),
            Self::Requester => (&charge.model, &charge.requester),
            Self::Key => (&charge.requester, ""),
        }
    }
}

/// Bits by model, input, requester and policy.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Account {
    pub model: String,
    /// Digest of the input's integers.
    pub input: String,
    /// Id of the key that asked.
    pub requester: String,
    pub policy: String,
    /// Published receipts.
    pub receipts: i64,
    /// Bits that they reveal at most, and that refusals do.
    pub bits: f64,
    /// Bits of receipts under way.
    pub reserved_bits: f64,
    /// Those of `bits` that no other key was charged with before: they count for the model and the input.
    pub first_bits: f64,
    /// Likewise of `reserved_bits`.
    pub first_reserved_bits: f64,
}

/// An uploaded input, and the input that it is to the ledger.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InputFile {
    pub model: String,
    /// Digest of the input's integers.
    pub input: String,
    /// SHA-256 of the uploaded file.
    pub file: String,
}

/// A limit on bits.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Budget {
    /// model, input, requester (each of these of the model that is the subject) or key
    pub scope: String,
    /// Model id, or id of a key.
    pub subject: String,
    pub bits: f64,
}

/// Charges a job to the key that asks for it, within the transaction that submits it. The tenant's submissions wait for each
/// other there, so that two of them cannot both take the last bits. A key is charged once for a job; of several keys that
/// ask for the same job, the first one's charge counts for the model and the input.
///
/// # Errors
/// [`ApiError::Refused`] if a budget does not suffice.
pub(super) async fn reserve(
    tx: &mut Transaction<'static, Any>,
    tenant: &str,
    job: &str,
    charge: &Charge,
) -> Result<(), ApiError> {
    let rows = sqlx::query("SELECT requester FROM ledger WHERE job = $1")
        .bind(job)
        .fetch_all(&mut **tx)
        .await?;
    let asked = rows
        .iter()
        .map(|row| row.try_get("requester"))
        .collect::<Result<Vec<String>, _>>()?;
    if asked.contains(&charge.requester) {
        return Ok(());
    }
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
        if !asked.is_empty() && matches!(scope, Scope::Model | Scope::Input) {
            continue;
        }
        let (subject, part) = scope.of(charge);
        let spent =
            sqlx::query("SELECT microbits FROM spent WHERE tenant = $1 AND scope = $2 AND subject = $3 AND part = $4")
                .bind(tenant)
                .bind(scope.name())
                .bind(subject)
                .bind(part)
                .fetch_optional(&mut **tx)
                .await?;
        let spent: i64 = spent.map_or(Ok(0), |row| row.try_get("microbits"))?;
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
    sqlx::query("INSERT INTO ledger (job, tenant, model, input, requester, policy, microbits, again) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
        .bind(job)
        .bind(tenant)
        .bind(&charge.model)
        .bind(&charge.input)
        .bind(&charge.requester)
        .bind(&charge.policy)
        .bind(charge.microbits)
        .bind(i64::from(!asked.is_empty()))
        .execute(&mut **tx)
        .await?;
    let first = asked.is_empty();
    add(tx, tenant, charge, first, charge.microbits).await?;
    let reserved = Moved {
        reserved: charge.microbits,
        ..Moved::default()
    };
    enter(tx, tenant, charge, first, &reserved).await
}

/// How a job ended, to the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// With a receipt.
    Published,
    /// Without one, although a worker began.
    Spent,
    /// Before a worker began, or by a fault of the service.
    Released,
}

impl End {
    /// The end of a job that was given up after so many attempts.
    pub(super) fn given_up(attempts: i64) -> Self {
        if attempts > 0 {
            Self::Spent
        } else {
            Self::Released
        }
    }
}

/// Settles or releases what a job was charged with, within the transaction that ends it.
pub(super) async fn settle(tx: &mut Transaction<'static, Any>, job: &str, end: End) -> Result<(), ApiError> {
    let rows = sqlx::query(
        "SELECT tenant, model, input, requester, policy, microbits, again FROM ledger WHERE job = $1 AND state = 'reserved' ORDER BY requester",
    )
    .bind(job)
    .fetch_all(&mut **tx)
    .await?;
    for row in &rows {
        let tenant: String = row.try_get("tenant")?;
        let first = row.try_get::<i64, _>("again")? == 0;
        let charge = Charge {
            model: row.try_get("model")?,
            input: row.try_get("input")?,
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

/// Adds to what counts against budgets. The rows are changed in one order everywhere.
async fn add(
    tx: &mut Transaction<'static, Any>,
    tenant: &str,
    charge: &Charge,
    first: bool,
    microbits: i64,
) -> Result<(), ApiError> {
    for scope in Scope::ALL {
        if !first && matches!(scope, Scope::Model | Scope::Input) {
            continue;
        }
        let (subject, part) = scope.of(charge);
        sqlx::query(
            "INSERT INTO spent (tenant, scope, subject, part, microbits) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (tenant, scope, subject, part) DO UPDATE SET microbits = spent.microbits + excluded.microbits",
        )
        .bind(tenant)
        .bind(scope.name())
        .bind(subject)
        .bind(part)
        .bind(microbits)
        .execute(&mut **tx)
        .await?;
    }
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
    tenant: &str,
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
    .bind(&charge.input)
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

impl Db {
    /// Accounts of a tenant: of a model, an input, a requester, where these are not empty.
    pub async fn accounts(
        &self,
        tenant: &str,
        model: &str,
        input: &str,
        requester: &str,
        most: i64,
    ) -> Result<Vec<Account>, ApiError> {
        // Only conditions that are asked for, so that each combination has its index.
        let filters = [("model", model), ("input", input), ("requester", requester)];
        let filters: Vec<_> = filters.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        let conditions = filters
            .iter()
            .enumerate()
            .map(|(n, (column, _))| format!(" AND {column} = ${}", n + 3));
        let query = format!(
            "SELECT model, input, requester, policy, receipts, settled, reserved, settled_first, reserved_first FROM accounts
             WHERE tenant = $1 AND settled + reserved > 0{} ORDER BY model, input, requester, policy LIMIT $2",
            conditions.collect::<String>()
        );
        let mut query = sqlx::query(AssertSqlSafe(query)).bind(tenant).bind(most);
        for (_, value) in filters {
            query = query.bind(value);
        }
        let rows = query.fetch_all(&self.read).await?;
        let account = |row: &AnyRow| {
            Ok(Account {
                model: row.try_get("model")?,
                input: row.try_get("input")?,
                requester: row.try_get("requester")?,
                policy: row.try_get("policy")?,
                receipts: row.try_get("receipts")?,
                bits: shown(row.try_get("settled")?),
                reserved_bits: shown(row.try_get("reserved")?),
                first_bits: shown(row.try_get("settled_first")?),
                first_reserved_bits: shown(row.try_get("reserved_first")?),
            })
        };
        rows.iter().map(account).collect()
    }

    /// Uploaded inputs that receipts are about: of a model, of an input, where these are not empty.
    pub async fn input_files(
        &self,
        tenant: &str,
        model: &str,
        input: &str,
        most: i64,
    ) -> Result<Vec<InputFile>, ApiError> {
        let rows = sqlx::query(
            "SELECT model, digest, input FROM input_digests d
             WHERE tenant = $1 AND ($2 = '' OR model = $2) AND ($3 = '' OR digest = $3)
                 AND EXISTS (SELECT 1 FROM ledger l WHERE l.tenant = d.tenant AND l.model = d.model AND l.input = d.digest)
             ORDER BY model, digest, input LIMIT $4",
        )
        .bind(tenant)
        .bind(model)
        .bind(input)
        .bind(most)
        .fetch_all(&self.read)
        .await?;
        let file = |row: &AnyRow| {
            Ok(InputFile {
                model: row.try_get("model")?,
                input: row.try_get("digest")?,
                file: row.try_get("input")?,
            })
        };
        rows.iter().map(file).collect()
    }

    /// Budgets of a tenant.
    pub async fn budgets(&self, tenant: &str) -> Result<Vec<Budget>, ApiError> {
        let rows =
            sqlx::query("SELECT scope, subject, microbits FROM budgets WHERE tenant = $1 ORDER BY scope, subject")
                .bind(tenant)
                .fetch_all(&self.read)
                .await?;
        let budget = |row: &AnyRow| {
            Ok(Budget {
                scope: row.try_get("scope")?,
                subject: row.try_get("subject")?,
                bits: shown(row.try_get("microbits")?),
            })
        };
        rows.iter().map(budget).collect()
    }

    /// Sets budgets of one subject, or removes them: all of them or none.
    pub async fn set_budgets(
        &self,
        tenant: &str,
        subject: &str,
        budgets: &[(Scope, Option<i64>)],
    ) -> Result<(), ApiError> {
        let mut tx = self.begin().await?;
        lock(&mut tx, tenant).await?;
        for (scope, microbits) in budgets {
            let query = match microbits {
                Some(microbits) => sqlx::query(
                    "INSERT INTO budgets (tenant, scope, subject, microbits) VALUES ($1, $2, $3, $4)
                     ON CONFLICT (tenant, scope, subject) DO UPDATE SET microbits = EXCLUDED.microbits",
                )
                .bind(tenant)
                .bind(scope.name())
                .bind(subject)
                .bind(*microbits),
                None => sqlx::query("DELETE FROM budgets WHERE tenant = $1 AND scope = $2 AND subject = $3")
                    .bind(tenant)
                    .bind(scope.name())
                    .bind(subject),
            };
            query.execute(&mut *tx).await?;
        }
        Ok(tx.commit().await?)
    }

    /// See [`input_digest`](crate::server::ledger::input_digest).
    pub async fn input_digest(&self, tenant: &str, model: &str, input: &str) -> Result<Option<String>, ApiError> {
        let row = sqlx::query("SELECT digest FROM input_digests WHERE tenant = $1 AND model = $2 AND input = $3")
            .bind(tenant)
            .bind(model)
            .bind(input)
            .fetch_optional(&self.read)
            .await?;
        Ok(row.map(|row| row.try_get("digest")).transpose()?)
    }

    pub async fn set_input_digest(&self, tenant: &str, model: &str, input: &str, digest: &str) -> Result<(), ApiError> {
        sqlx::query(
            "INSERT INTO input_digests (tenant, model, input, digest) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        )
        .bind(tenant)
        .bind(model)
        .bind(input)
        .bind(digest)
        .execute(&self.write)
        .await?;
        Ok(())
    }
}
