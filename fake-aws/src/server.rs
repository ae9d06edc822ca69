//! The listener, on a thread of its own: every call is logged, may fail on order, and is served.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread::JoinHandle;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::faults::{Call, Fault};
use crate::protocol::{AnswerBody, ApiError, Request, Service, answer, parse, refusal};
use crate::{Shared, ecs, events, logs, sts};

/// The largest body that is read; PutTargets may have a hundred targets of 8 kB and more.
const BODY_BYTES_MAX: usize = 4 << 20;

/// Why a fake could not start.
#[derive(Debug, thiserror::Error)]
#[error("start fake AWS on a loopback port: {0}")]
pub struct StartError(#[from] io::Error);

/// The running server; dropped, it stops.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(crate) fn start(shared: Arc<Shared>) -> Result<Self, StartError> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let listener = {
            let _inside = runtime.enter();
            TcpListener::from_std(listener)?
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::Builder::new()
            .name("fake-aws".to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    tokio::select! {
                        () = accept(listener, shared) => {}
                        _ = stopped => {}
                    }
                });
            })?;
        Ok(Self {
            address,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(converse(stream, Arc::clone(&shared)));
            }
            // Such as for want of file descriptors: others must run to give some back.
            Err(_) => tokio::task::yield_now().await,
        }
    }
}

async fn converse(stream: TcpStream, shared: Arc<Shared>) {
    let serve = service_fn(move |request| serve(Arc::clone(&shared), request));
    // An error is a client that left, or a connection closed on order.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), serve)
        .await;
}

/// The connection is to be closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("connection closed on order")]
struct Closed;

type Answered = Result<hyper::Response<Full<Bytes>>, Closed>;

async fn serve(shared: Arc<Shared>, request: hyper::Request<Incoming>) -> Answered {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, BODY_BYTES_MAX).collect().await else {
        return Err(Closed);
    };
    let parsed = parse(&head, &body.to_bytes(), &shared.lock().settings);
    let request = match parsed {
        Ok(request) => request,
        Err((service, error)) => return Ok(refusal(service, &error)),
    };
    let (place, fault) = logged(&shared, &request);
    if let Some(Fault::Delay(pause)) = fault {
        tokio::time::sleep(pause).await;
    }
    if fault == Some(Fault::Reset) {
        return Err(Closed);
    }
    let outcome = match fault.as_ref().and_then(Fault::refusal) {
        Some(error) => Err(error),
        None => call(&shared, &request, fault.as_ref()),
    };
    if fault == Some(Fault::LostAnswer) {
        return Err(Closed);
    }
    let response = match outcome {
        Ok(body) => answer(body),
        Err(error) => refusal(request.service, &error),
    };
    let status = response.status().as_u16();
    shared.lock().faults.answered(place, status);
    Ok(response)
}

/// Logs a call, and takes the fault that is ordered for it.
fn logged(shared: &Shared, request: &Request) -> (usize, Option<Fault>) {
    let mut state = shared.lock();
    let place = state.faults.log(Call {
        service: request.service,
        operation: request.operation.clone(),
        body: request.body.clone(),
        access_key: request.access_key.clone(),
        status: None,
    });
    let fault = state.faults.decide(&request.operation, &request.body);
    (place, fault)
}

fn call(
    shared: &Arc<Shared>,
    request: &Request,
    fault: Option<&Fault>,
) -> Result<AnswerBody, ApiError> {
    let Request {
        operation, body, ..
    } = request;
    match request.service {
        Service::Events => events::call(&mut shared.lock(), operation, body, fault),
        Service::Ecs => ecs::call(shared, operation, body, fault),
        Service::Logs => logs::call(&shared.lock(), operation, body),
        Service::Sts => sts::call(&shared.lock().settings, operation, &request.access_key),
    }
}
