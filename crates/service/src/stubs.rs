//! What a service under test stands on: stores in memory, a clock that moves when told to, and one node as the test has it.

use crate::{Parts, Principal, Service, ServiceConfig};
use async_trait::async_trait;
use fuelcell_domain::clock::ManualClock;
use fuelcell_domain::seams::{Events, InspectError, Inspection, ModuleInspector, NodeLoad, Nodes, Running};
use fuelcell_domain::{
    Digest, Job, JobId, JobType, Manifest, ModuleVersion, NodeId, Project, ProjectId, ProjectRef, ReadAt,
    Role, Scope, Tenant, TenantId, Timestamp, Token, TokenId, TokenKind,
};
use fuelcell_store::conformance::fixtures;
use fuelcell_store::{ClientStore, MemoryBlobs, NewJob};
use parking_lot::Mutex;
use std::sync::Arc;

/// Hears nothing and accepts no module.
pub(crate) struct Nobody;

#[async_trait]
impl ModuleInspector for Nobody {
    fn inspect(&self, _: &[u8]) -> Result<Inspection, InspectError> {
        Err(InspectError::Invalid("these tests upload nothing".into()))
    }

    async fn compile(&self, _: Digest, _: Arc<dyn ReadAt>) -> Result<(), InspectError> {
        Err(InspectError::Invalid("these tests upload nothing".into()))
    }
}

impl Events for Nobody {
    fn queue_changed(&self) {}
    fn cancel_requested(&self, _: JobId) {}
}

/// A node as the test says that it stands.
#[derive(Clone, Copy)]
pub(crate) struct Node {
    pub(crate) slots: u32,
    pub(crate) running: u32,
    pub(crate) memory_bytes: u64,
    pub(crate) reserved_bytes: u64,
    pub(crate) module_ready: bool,
    pub(crate) at_limit: bool,
    pub(crate) others_first: bool,
}

impl Node {
    /// With this many slots and nothing to do.
    pub(crate) fn idle(slots: u32) -> Self {
        let (memory_bytes, reserved_bytes) = (1 << 40, 0);
        let (module_ready, at_limit, others_first) = (true, false, false);
        Self { slots, running: 0, memory_bytes, reserved_bytes, module_ready, at_limit, others_first }
    }
}

/// The only node, which the test may change.
pub(crate) struct OneNode(Mutex<Node>, Mutex<Vec<Running>>);

impl OneNode {
    pub(crate) fn set(&self, node: Node) {
        *self.0.lock() = node;
    }

    pub(crate) fn set_running(&self, running: Vec<Running>) {
        *self.1.lock() = running;
    }

    fn node(&self) -> Node {
        *self.0.lock()
    }
}

impl Nodes for OneNode {
    fn nodes(&self) -> Vec<NodeLoad> {
        let node = self.node();
        vec![NodeLoad {
            node: NodeId("here".into()),
            active: true,
            active_jobs: node.running,
            job_capacity: node.slots,
            dropped_results: 0,
            job_memory_bytes: node.memory_bytes,
            job_memory_reserved_bytes: node.reserved_bytes,
            cores: 2,
            cpu_percent: None,
            memory_used_bytes: None,
            memory_total_bytes: None,
            disk_free_bytes: None,
        }]
    }

    fn running(&self) -> Vec<Running> {
        self.1.lock().clone()
    }

    fn module_ready(&self, _: Digest) -> Option<bool> {
        Some(self.node().module_ready)
    }

    fn at_limit(&self, _: &Job) -> bool {
        self.node().at_limit
    }

    fn others_first(&self, _: &Job) -> bool {
        self.node().others_first
    }
}

/// A service with a built-in module for analyses, and its node.
pub(crate) fn service(store: Arc<dyn ClientStore>, clock: Arc<ManualClock>) -> (Service, Arc<OneNode>) {
    let node = node();
    let mut service = Service::new(Parts {
        store,
        blobs: Arc::new(MemoryBlobs::default()),
        inspector: Arc::new(Nobody),
        events: Arc::new(Nobody),
        nodes: node.clone(),
        clock,
        secret: [7; 32],
        config: ServiceConfig::default(),
    });
    service.built_in.insert(JobType::Analysis, built_in());
    (service, node)
}

/// A new project, and in it an administrator, who has this token.
pub(crate) async fn project(service: &Service, secret: &str) -> ProjectRef {
    let project = ProjectRef { tenant: TenantId::random(), project: ProjectId::random() };
    let (store, created_at) = (&service.store, service.clock.now());
    store
        .create_tenant(Tenant { id: project.tenant, name: project.tenant.to_string(), created_at })
        .await
        .unwrap();
    store.create_project(Project { id: project, name: "p".into(), created_at }).await.unwrap();
    let token = Token {
        id: TokenId::random(),
        kind: TokenKind::Bearer,
        hash: service.token_hash(secret),
        subject: "anna".into(),
        role: Role::Administrator,
        scope: Scope::Project(project),
        created_at,
        revoked_at: None,
        expires_at: None,
    };
    store.create_token(token).await.unwrap();
    project
}

/// A service over a store, its administrator of a new project, and a job that is queued there.
pub(crate) async fn with_a_job(store: Arc<dyn ClientStore>) -> (Service, Principal, Job) {
    let service = service(store, Arc::new(ManualClock::new(Timestamp(0)))).0;
    let job = fixtures::job(project(&service, "fc_a secret").await);
    service.store.submit(NewJob::from(job.clone())).await.unwrap();
    let anna = service.authenticate("fc_a secret").await.unwrap();
    (service, anna, job)
}

/// With two slots and nothing to do.
pub(crate) fn node() -> Arc<OneNode> {
    Arc::new(OneNode(Mutex::new(Node::idle(2)), Mutex::default()))
}

fn built_in() -> ModuleVersion {
    ModuleVersion {
        project: None,
        name: "figures".into(),
        version: "1".into(),
        digest: Digest::of(b"figures"),
        size: 7,
        manifest: Manifest::default().into(),
        has_manifest: false,
        imports: Vec::new(),
        code_bytes: None,
        uploaded_by: "built in".into(),
        created_at: Timestamp(0),
    }
}
