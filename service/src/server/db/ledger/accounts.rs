//! Accounts, and the inputs that they are about.

use crate::server::db::Db;
use crate::server::error::ApiError;
use crate::server::ids::{InputDigest, KeyId, ModelId, ObjectDigest, TenantId};
use crate::server::ledger::shown;
use futures_util::future::ready;
use futures_util::TryStreamExt;
use serde::Serialize;
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};
use utoipa::ToSchema;

/// Bits by model, input, requester and policy.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Account {
    /// Model id; of colourings the digest of the graph.
    #[schema(value_type = String)]
    pub model: ModelId,
    /// Digest of the input's integers, or of a colouring's; of several inputs that of their names and digests.
    #[schema(value_type = String)]
    pub input: InputDigest,
    /// Id of the key that asked.
    #[schema(value_type = String)]
    pub requester: KeyId,
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

/// An uploaded input, and the input that it is to the ledger, or is one of.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InputFile {
    #[schema(value_type = String)]
    pub model: ModelId,
    /// As in accounts.
    #[schema(value_type = String)]
    pub input: InputDigest,
    /// Digest of its own integers: that of the input, or of one of several.
    #[schema(value_type = String)]
    pub part: InputDigest,
    /// SHA-256 of the uploaded file.
    #[schema(value_type = String)]
    pub file: ObjectDigest,
}

/// One of several inputs that have an account together. Limits of an input are limits of each of these.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InputPart {
    #[schema(value_type = String)]
    pub model: ModelId,
    /// As in accounts.
    #[schema(value_type = String)]
    pub input: InputDigest,
    /// Digest of the integers of this one.
    #[schema(value_type = String)]
    pub part: InputDigest,
}

/// What several inputs are, if the one that follows is among them.
const JOINT: &str = "(SELECT joint FROM joint_inputs s WHERE s.tenant = $1 AND s.input =";

impl Db {
    /// Accounts of a tenant: of a model, an input, a requester, where these are given. An input has those of several that it is one of.
    pub async fn accounts(
        &self,
        tenant: &TenantId,
        model: Option<&ModelId>,
        input: Option<&InputDigest>,
        requester: Option<&KeyId>,
        most: i64,
    ) -> Result<Vec<Account>, ApiError> {
        // Only conditions that are asked for, so that each combination has its index.
        let model = model.map_or("", ModelId::as_str);
        let input = input.map_or("", InputDigest::as_str);
        let requester = requester.map_or("", KeyId::as_str);
        let filters = [("model", model), ("input", input), ("requester", requester)];
        let filters: Vec<_> = filters.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        let conditions = filters.iter().enumerate().map(|(n, (column, _))| match *column {
            "input" => format!(" AND (input = ${0} OR input IN {JOINT} ${0}))", n + 3),
            column => format!(" AND {column} = ${}", n + 3),
        });
        let query = format!(
            "SELECT model, input, requester, policy, receipts, settled, reserved, settled_first, reserved_first FROM accounts
             WHERE tenant = $1 AND settled + reserved > 0{} ORDER BY model, input, requester, policy LIMIT $2",
            conditions.collect::<String>()
        );
        let mut query = sqlx::query(AssertSqlSafe(query)).bind(tenant).bind(most);
        for (_, value) in filters {
            query = query.bind(value);
        }
        let account = |row: AnyRow| {
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
        // As they come: rows take several times the memory of accounts.
        let rows = query.fetch(&self.read).map_err(ApiError::from);
        rows.and_then(|row| ready(account(row))).try_collect().await
    }

    /// Uploaded inputs that receipts are about: of a model, of an input, where these are given.
    pub async fn input_files(
        &self,
        tenant: &TenantId,
        model: Option<&ModelId>,
        input: Option<&InputDigest>,
        most: i64,
    ) -> Result<Vec<InputFile>, ApiError> {
        let rows = sqlx::query(AssertSqlSafe(format!(
            "SELECT model, digest, digest AS part, input FROM input_digests d
             WHERE tenant = $1 AND ($2 = '' OR model = $2) AND ($3 = '' OR digest = $3)
                 AND EXISTS (SELECT 1 FROM ledger l WHERE l.tenant = d.tenant AND l.model = d.model AND l.input = d.digest)
             UNION SELECT d.model, j.joint, d.digest, d.input FROM input_digests d
             JOIN joint_inputs j ON j.tenant = d.tenant AND j.model = d.model AND j.input = d.digest
             WHERE d.tenant = $1 AND ($2 = '' OR d.model = $2) AND ($3 = '' OR j.joint = $3 OR j.joint IN {JOINT} $3))
             ORDER BY 1, 2, 3, 4 LIMIT $4"
        )))
        .bind(tenant)
        .bind(model.map_or("", ModelId::as_str))
        .bind(input.map_or("", InputDigest::as_str))
        .bind(most)
        .fetch_all(&self.read)
        .await?;
        let file = |row: &AnyRow| {
            Ok(InputFile {
                model: row.try_get("model")?,
                input: row.try_get("digest")?,
                part: row.try_get("part")?,
                file: row.try_get("input")?,
            })
        };
        rows.iter().map(file).collect()
    }

    /// What the accounts of several inputs together are about: of a model, of one of these inputs, where these are given.
    pub async fn input_parts(
        &self,
        tenant: &TenantId,
        model: Option<&ModelId>,
        input: Option<&InputDigest>,
        most: i64,
    ) -> Result<Vec<InputPart>, ApiError> {
        let rows = sqlx::query(AssertSqlSafe(format!(
            "SELECT model, joint, input FROM joint_inputs
             WHERE tenant = $1 AND ($2 = '' OR model = $2) AND ($3 = '' OR joint = $3 OR joint IN {JOINT} $3))
             ORDER BY model, joint, input LIMIT $4"
        )))
        .bind(tenant)
        .bind(model.map_or("", ModelId::as_str))
        .bind(input.map_or("", InputDigest::as_str))
        .bind(most)
        .fetch_all(&self.read)
        .await?;
        let part = |row: &AnyRow| {
            Ok(InputPart {
                model: row.try_get("model")?,
                input: row.try_get("joint")?,
                part: row.try_get("input")?,
            })
        };
        rows.iter().map(part).collect()
    }

    /// Digest of the integers of an upload under a model, as the input of a name; that is empty where there is one input.
    pub async fn input_digest(
        &self,
        tenant: &TenantId,
        (model, input, name): (&ModelId, &ObjectDigest, &str),
    ) -> Result<Option<InputDigest>, ApiError> {
        let query = "SELECT digest FROM input_digests WHERE tenant = $1 AND model = $2 AND input = $3 AND name = $4";
        let row = sqlx::query(query)
            .bind(tenant)
            .bind(model)
            .bind(input)
            .bind(name)
            .fetch_optional(&self.read)
            .await?;
        Ok(row.map(|row| row.try_get("digest")).transpose()?)
    }

    pub async fn set_input_digest(
        &self,
        tenant: &TenantId,
        (model, input, name): (&ModelId, &ObjectDigest, &str),
        digest: &InputDigest,
    ) -> Result<(), ApiError> {
        sqlx::query(
            "INSERT INTO input_digests (tenant, model, input, name, digest) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        )
        .bind(tenant)
        .bind(model)
        .bind(input)
        .bind(name)
        .bind(digest)
        .execute(&self.write)
        .await?;
        Ok(())
    }
}
