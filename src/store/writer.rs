//! The one writer of a SQLite file: a thread that gathers waiting writes into one commit.
//!
//! Each write is a savepoint of its own, so one that fails or panics undoes only itself. No answer leaves before
//! the commit that makes it durable. The thread does not wait for a fuller group: the sync of one group to disk
//! is the collecting time of the next (measured: 3.9 times the throughput of a transaction per request).

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    thread::JoinHandle,
};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};

use super::{
    connection::{AnyConnection, Connector, Mode},
    error::StoreError,
};

/// How many writes may wait; beyond it the caller is told to come back.
const QUEUE: usize = 1024;
/// How many writes one commit may hold.
const GROUP: usize = 128;

/// Sends the answer of a write; given the error when its group could not be committed.
type Answer = Box<dyn FnOnce(Option<&StoreError>)>;

/// A write that ran inside its savepoint and waits for the commit.
struct Ran {
    /// Whether it succeeded; if not, its savepoint is rolled back.
    keep: bool,
    answer: Answer,
}

/// A write that waits. Without a connection (the group could not begin) it only answers.
type Job = Box<dyn FnOnce(Result<&mut AnyConnection, StoreError>) -> Ran + Send>;

/// The sending side of the writer's queue; dropping it ends the thread after what is queued.
pub(super) struct Writer {
    queue: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread with a connection that is already open.
    pub(super) fn start(connector: Connector, connection: AnyConnection) -> Result<Self, StoreError> {
        let (queue, jobs) = bounded(QUEUE);
        let thread = std::thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || work(&jobs, &connector, Some(connection)))
            .map_err(|error| StoreError::Internal(error.to_string()))?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    /// How many writes wait.
    pub(super) fn waiting(&self) -> usize {
        self.queue.as_ref().map_or(0, Sender::len)
    }

    /// Queues a write; `reply` is called on the writer's thread once its fate is settled.
    pub(super) fn submit<T, E, F, R>(&self, mut write: F, reply: R) -> Result<(), StoreError>
    where
        E: From<StoreError> + 'static,
        T: 'static,
        F: FnMut(&mut AnyConnection) -> Result<T, E> + Send + 'static,
        R: FnOnce(Result<T, E>) + Send + 'static,
    {
        let job: Job = Box::new(move |connection| {
            let result = match connection {
                Ok(connection) => guarded(|| write(connection)),
                Err(error) => Err(error.into()),
            };
            let keep = result.is_ok();
            let answer = move |lost: Option<&StoreError>| match lost {
                Some(error) if result.is_ok() => reply(Err(error.clone().into())),
                _ => reply(result),
            };
            Ran { keep, answer: Box::new(answer) }
        });
        let gone = || StoreError::Unavailable("the writer has ended".to_owned());
        self.queue.as_ref().ok_or_else(gone)?.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => StoreError::Busy,
            TrySendError::Disconnected(_) => gone(),
        })
    }
}

impl Drop for Writer {
    /// Waits for the queue to drain, so that the file is at rest when the last handle to it is gone.
    fn drop(&mut self) {
        self.queue = None;
        let elsewhere =
            self.thread.take().filter(|thread| thread.thread().id() != std::thread::current().id());
        if let Some(thread) = elsewhere
            && thread.join().is_err()
        {
            tracing::error!("the SQLite writer panicked");
        }
    }
}

/// Runs a write and turns a panic into an error of that write alone.
pub(super) fn guarded<T, E: From<StoreError>>(write: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    catch_unwind(AssertUnwindSafe(write)).unwrap_or_else(|panic| {
        let words = panic
            .downcast_ref::<&str>()
            .map(|words| (*words).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned());
        Err(StoreError::Internal(format!("a write panicked: {}", words.unwrap_or_default())).into())
    })
}

fn work(jobs: &Receiver<Job>, connector: &Connector, mut connection: Option<AnyConnection>) {
    while let Ok(first) = jobs.recv() {
        let opened = match connection.take() {
            Some(connection) => Ok(connection),
            None => connector.open(),
        };
        connection = match opened {
            Ok(open) => commit_group(open, first, jobs),
            Err(error) => {
                refuse(first, jobs, &error);
                None
            }
        };
    }
}

/// Runs one group; gives the connection back unless it can no longer be trusted.
fn commit_group(mut connection: AnyConnection, first: Job, jobs: &Receiver<Job>) -> Option<AnyConnection> {
    if let Err(error) = connection.begin(Mode::Write) {
        refuse(first, jobs, &error.into());
        return sound(connection);
    }
    let mut answers = Vec::new();
    let mut next = Some(first);
    let mut fate = Ok(());
    while let Some(job) = next {
        fate = run(&mut connection, job, &mut answers);
        let full = answers.len() >= GROUP;
        next = if full || fate.is_err() { None } else { jobs.try_recv().ok() };
    }
    let fate = fate.and_then(|()| Ok(connection.commit()?));
    if let Err(error) = &fate {
        tracing::error!(%error, writes = answers.len(), "a group of writes was not committed");
    }
    for answer in answers {
        answer(fate.as_ref().err());
    }
    match fate {
        Ok(()) => Some(connection),
        Err(_) => {
            // What could not be rolled back ends with the connection.
            let _ = connection.roll_back_to(0);
            sound(connection)
        }
    }
}

/// Runs one write in its savepoint. An error here means that the group as a whole is lost: SQLite ends a whole
/// transaction by itself on some failures, and a savepoint set after that would commit on its own.
fn run(connection: &mut AnyConnection, job: Job, answers: &mut Vec<Answer>) -> Result<(), StoreError> {
    let ready = connection.begin_savepoint().map_err(StoreError::from);
    let failed = ready.clone();
    let ran = job(ready.map(|()| &mut *connection));
    answers.push(ran.answer);
    failed?;
    let inside = |depth: u32| match depth {
        0 | 1 => Err(StoreError::Internal("the transaction of the group ended early".to_owned())),
        _ => Ok(()),
    };
    inside(connection.depth()?)?;
    if ran.keep {
        connection.roll_back_to(2)?;
        connection.commit()?;
    } else {
        connection.roll_back_to(1)?;
    }
    Ok(())
}

/// Answers what waits when no transaction could begin; nobody should wait for a turn that fails as well.
fn refuse(first: Job, jobs: &Receiver<Job>, error: &StoreError) {
    tracing::error!(%error, "no transaction could begin");
    for job in std::iter::once(first).chain(jobs.try_iter().take(GROUP - 1)) {
        (job(Err(error.clone())).answer)(None);
    }
}

fn sound(mut connection: AnyConnection) -> Option<AnyConnection> {
    match connection.depth() {
        Ok(0) => Some(connection),
        _ => None,
    }
}
