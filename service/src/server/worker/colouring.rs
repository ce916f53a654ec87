//! Proving a colouring.

use super::proof::checked;
use super::{Attempt, Stopped};
use crate::child::protocol::Work;
use crate::color::graph;
use crate::fail;
use crate::files::{self, MAX_RECEIPT};
use crate::server::db::Publication;
use crate::server::error::ApiError;
use crate::server::ids::{ModelId, SrsId};
use crate::server::job::Colouring;
use crate::server::store::Kind;
use provenn_verifier::{verify, ColouringClass, ColouringExpectation, Expectation, Graph, StatementKind};
use std::path::PathBuf;

impl Attempt<'_> {
    pub(super) async fn colouring(&self, asked: &Colouring) -> Result<Publication, Stopped> {
        let (app, tenant) = (self.app, &self.job.tenant);
        let temporary = app.temporary()?;
        let at = |name: &str| temporary.path().join(name);
        for (name, sha256) in [("graph", &asked.graph), ("colouring", &asked.colouring)] {
            app.store.fetch(tenant, Kind::Input, sha256, &at(name)).await?;
        }
        let graph = read(at("graph")).await?;
        let class = ColouringClass::of(asked.colours, graph.vertices()).map_err(crate::error::CliError::from)?;
        self.parameters_folder()?;
        fail::point("before-spawn");
        let made = self
            .child(Work::Colour {
                graph: at("graph"),
                colouring: at("colouring"),
                colours: asked.colours,
                srs: app.config.srs(),
                audience: asked.audience.clone(),
                nonce: asked.nonce,
                not_after: asked.not_after,
                out: at("receipt"),
            })
            .await?;
        self.to_be_checked().await?;
        let srs = app.parameters.verifying(&app.config.srs(), class.rows()).await?;
        let expectation = self.expected(asked);
        let subject = ModelId::from(graph.digest());
        let (receipt, _) = {
            let srs = srs.clone();
            let receipt = files::read(&at("receipt"), MAX_RECEIPT).map_err(|e| Stopped::Died(e.parts().1.into()))?;
            checked(receipt, move |bytes| verify(bytes, &graph, &srs, &expectation)).await?
        };
        app.db.add_parameters(&srs).await?;
        let mut published = self.receipt(subject, None, receipt, &made).await?;
        // No card says it.
        published.result["srs_id"] = SrsId::from(srs.id()).as_str().into();
        Ok(published)
    }

    /// What the receipt has to state: exactly what was asked for.
    fn expected(&self, asked: &Colouring) -> Expectation {
        Expectation {
            statements: Some(vec![StatementKind::Colouring]),
            colouring: ColouringExpectation {
                colours: Some(asked.colours),
            },
            audience: Some(asked.audience.clone()),
            nonce: Some(asked.nonce.0),
            now: u64::try_from(self.app.now() / 1000).ok(),
            accept_dev: true,
            ..Expectation::default()
        }
    }
}

async fn read(path: PathBuf) -> Result<Graph, Stopped> {
    let read = tokio::task::spawn_blocking(move || graph::read(&path));
    Ok(read.await.map_err(|e| ApiError::Internal(e.to_string()))??.graph)
}
