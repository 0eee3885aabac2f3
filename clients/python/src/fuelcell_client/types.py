"""Requests and answers. Generated from openapi.json by `cargo xtask openapi`."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypeAlias, TypedDict


class AuditAnswer(TypedDict):
    action: str
    code: str | None
    date: str
    number: int
    outcome: str
    projectId: str | None
    repeated: int | None
    """
    How many calls of the same kind were refused in the same way since the entry before, where the entry stands for
    several; target and requestId are the latest one's.
    """
    requestId: str
    subject: str
    target: str
    tenantId: str | None
    tokenId: str


class AuditPage(TypedDict):
    entries: list[AuditAnswer]
    nextBefore: int | None
    """
    `before` of the next page; `null` = there is none.
    """
    nextCursor: str | None
    """
    `cursor` of the next page; `null` = there is none
    """


class BackupDto(TypedDict):
    endedAt: str
    good: bool
    message: str
    """
    What is in it, or why there is none
    """
    startedAt: str


class BackupsAnswer(TypedDict):
    """
    How the server's backups stand.
    """

    enabled: bool
    """
    Whether the server makes backups: it has a folder for them
    """
    everySeconds: int
    """
    Seconds from one that is made by itself to the next; 0 = they are only made when somebody asks
    """
    failures: int
    """
    Those since the server started that came to nothing
    """
    last: BackupDto | None
    lastGood: str | None
    """
    When the latest good one ended, also before the server started; `null` = nobody knows of one
    """
    runningSince: str | None
    """
    Since when one is being made; `null` = none is
    """


class BeginBody(TypedDict):
    reason: NotRequired[str | None]
    """
    Why they are cancelled or retried; deleting takes none
    """
    set: str
    """
    `set` of a preview: what is done, and with exactly which jobs
    """


class BegunAnswer(TypedDict):
    url: str
    """
    Where the browser goes; it comes back by itself
    """


BulkActionWord: TypeAlias = Literal['cancel', 'retry', 'delete']


class BulkError(TypedDict):
    code: str
    message: str


class BulkItem(TypedDict):
    error: NotRequired[BulkError | None]
    jobId: str
    newJobId: str | None
    """
    The job that was queued in its place
    """


BulkOutcomeWord: TypeAlias = Literal['Done', 'Skipped', 'Failed', 'Open']


BulkStateWord: TypeAlias = Literal['Running', 'Done', 'Stopped']


BulkWord: TypeAlias = Literal['cancel', 'retry', 'delete']
"""
`cancel` asks queued and running jobs to stop and keeps what they have finished; `retry` queues a new job in the place of
each that failed or was cancelled; `delete` forgets ended ones, as an administrator may
"""


class CancelBody(TypedDict):
    forceTermination: NotRequired[bool | None]
    preservePartialResults: NotRequired[bool | None]
    reason: NotRequired[str | None]


ChannelWord: TypeAlias = Literal['webhook', 'email']


class ClearedAnswer(TypedDict):
    itemsCleared: int


class CompileAnswer(TypedDict):
    """
    What a compiler makes of a module.
    """

    basis: str
    """
    What that was measured with.
    """
    codeBytes: int
    """
    Bytes of its functions, from which a compiler's work follows.
    """
    cpuSeconds: list[float]
    """
    Seconds of a processor that compiling it probably takes, once on each server, from and to.
    """
    machineCodeBytes: int | None
    """
    Bytes of its compiled file, mapped once for all its runs and part of no job's memory; `null` = it is not compiled here.
    """


class ContactDto(TypedDict):
    bytesReceived: int
    bytesSent: int
    """
    Bytes of bodies.
    """
    host: str
    refused: int
    """
    Requests that were refused: nothing was sent.
    """
    requests: int
    """
    Requests that were sent, also those that failed then.
    """


class ContainedJobs(TypedDict):
    ended: int
    queued: int
    running: int
    """
    They are cancelled.
    """


class ContentsAnswer(TypedDict):
    """
    What goes with a tenant or project when it is deleted.
    """

    artifacts: int
    bytes: int
    """
    Bytes of datasets, module versions and artifacts. What others have, too, is on the disk once.
    """
    datasets: int
    jobs: ContainedJobs
    moduleVersions: int
    pipelines: int
    processedItems: int
    """
    Items that jobs of the pipelines marked as processed.
    """
    projects: int
    """
    Projects of the tenant; 0 for a project.
    """
    schedules: int
    secrets: int
    tokens: int
    """
    Tokens and application passwords.
    """
    webhooks: int


class DataMachineClearBody(TypedDict):
    """
    Which jobs to clear, and whether what their pipelines remember goes too.
    """

    cleanup_processed: NotRequired[Any]
    """
    `true` or `false`, also as forms write them: 1 or 0, as a number or text.
    """
    type: str


class DataMachineCleared(TypedDict):
    jobs_deleted: int
    message: str
    processed_items_cleaned: int
    success: bool


class Data(TypedDict):
    params: NotRequired[dict[str, str]]
    """
    Wrong parameters, each with what is wrong
    """
    status: int


class DataMachineError(TypedDict):
    """
    What was wrong
    """

    code: str
    """
    A stable word
    """
    data: Data
    message: str
    """
    A sentence for people
    """


class DatasetAnswer(TypedDict):
    datasetId: str
    dateCreated: str
    digest: str
    lastUpdated: str
    mediaType: str
    name: str
    rowCount: int | None
    size: int
    uploadedBy: str


DeliveryStateWord: TypeAlias = Literal['Waiting', 'Sending', 'Delivered', 'Parked']


class DeterministicDto(TypedDict):
    """
    The seed and the fixed clock of a deterministic run.
    """

    seed: str
    """
    16 hexadecimal digits.
    """
    time: str
    """
    What the clock showed.
    """


class DigestDto(TypedDict):
    digest: str
    name: str


EndingBody: TypeAlias = Literal['job.completed', 'job.failed', 'job.cancelled']
"""
An end of a job, as bodies name it.
"""


EndingWord: TypeAlias = Literal['job.completed', 'job.failed', 'job.cancelled']


class EngineAnswer(TypedDict):
    """
    An engine: scripts name it in their manifest, as `name@version`, or as `name` for the newest.
    """

    compiled: bool
    """
    Whether its jobs run at once; they wait for the compiler otherwise.
    """
    digest: str
    error: NotRequired[str | None]
    """
    Why it cannot be compiled; `null` = nobody has found that it cannot.
    """
    machineCodeBytes: int | None
    """
    Bytes of its compiled file, mapped once for all its jobs and part of no job's memory; `null` = it is not compiled.
    """
    name: str
    sizeBytes: int
    version: str


class EngineDto(TypedDict):
    """
    A module that runs scripts, the same for all tenants.
    """

    digest: str
    """
    SHA-256 of its bytes
    """
    name: str
    version: str


class EngineList(TypedDict):
    engines: list[EngineAnswer]


class ErrorDto(TypedDict):
    """
    Why a job failed, or was cancelled.
    """

    code: str
    details: str | None
    message: str


class ExecutionDto(TypedDict):
    cpuPercent: float | None
    cpuUsage: str | None
    diskBytes: int | None
    diskUsage: str | None
    endTime: str | None
    executionNode: str | None
    fuel: int | None
    """
    Units of fuel that the latest attempt has burnt, as far as the engine has said so while it runs; `null` = nobody
    counted yet
    """
    memoryBytes: int | None
    memoryUsage: str | None
    startTime: str | None
    submittedBy: str


class ExecutionMetricsDto(TypedDict):
    cpuSeconds: float
    diskIoOperations: int
    fuel: int | None
    fuelIsLowerBound: bool
    """
    Whether it was at least so much.
    """
    networkDataTransfer: str | None
    peakMemoryBytes: int
    peakMemoryUsage: str
    totalCpuTime: str


class FaultAnswer(TypedDict):
    """
    Something wrong in a body.
    """

    message: str
    """
    What
    """
    pointer: str
    """
    Where: a JSON Pointer (RFC 6901)
    """


FenceDto: TypeAlias = Literal['rlimits', 'landlock', 'seccomp']


class FindingDto(TypedDict):
    count: int
    message: str
    type: str


class HttpAccessDto(TypedDict):
    """
    Hosts and secrets.
    """

    hosts: NotRequired[list[str]]
    """
    Such as `api.example.com` (https on port 443), `*.example.org:8443`, `http://192.0.2.7`.
    """
    secrets: NotRequired[list[str]]
    """
    Names of the project's secrets that its headers may carry.
    """


class InputDto(TypedDict):
    """
    A file that the job reads, as it was when the job was submitted
    """

    datasetId: str | None
    """
    `null` = it is an output of the job that this one retries
    """
    digest: str
    """
    SHA-256
    """
    fileName: str
    name: str
    """
    Its name in the module's manifest
    """
    sizeBytes: int


IsolationDto: TypeAlias = Literal['in-process', 'process']


class ItemAnswer(TypedDict):
    """
    An item that a completed job marked.
    """

    dateProcessed: str
    jobId: str
    """
    The job that marked it first.
    """
    key: str
    """
    The module's own key for it.
    """


class ItemError(TypedDict):
    code: str
    errors: list[FaultAnswer]
    message: str


JobStateWord: TypeAlias = Literal['Queued', 'Running', 'Completed', 'Failed', 'Cancelled']


JobTypeWord: TypeAlias = str
"""
`ProcessMining`, `DataEnrichment`, `Notebook` or `Analysis`, in any case, or a type that a module of the project declares (`GET job-types` lists all)
"""


class JobsDto(TypedDict):
    cancelled: int
    completed: int
    failed: int


class LimitsAnswer(TypedDict):
    """
    Limits that somebody set; `null` was left to others.
    """

    diskBytes: int | None
    fuel: int | None
    memoryBytes: int | None
    timeoutSeconds: int | None


class LimitsBody(TypedDict):
    diskBytes: NotRequired[int | None]
    fuel: NotRequired[int | None]
    memoryBytes: NotRequired[int | None]
    timeoutSeconds: NotRequired[int | None]


class LimitsDto(TypedDict):
    """
    The limits of each attempt. Below `timeoutSeconds` stand those that nobody sets.
    """

    artifactBytes: int
    """
    Bytes of one artifact.
    """
    artifacts: int
    checkpointBytes: int
    diskBytes: int
    """
    Bytes of all files, artifacts and the checkpoint together.
    """
    files: int
    """
    Files, directories and links at the same time.
    """
    fuel: int | None
    """
    None = measured, not limited.
    """
    handles: int
    """
    Descriptors, streams and other handles at the same time.
    """
    hostCallBytes: int
    """
    Bytes of lists and texts that one host call carries.
    """
    instances: int
    """
    Core instances.
    """
    logBytes: int
    memories: int
    memoryBytes: int
    """
    Bytes of all memories and tables together, and of what is sent and received over HTTP while the guest holds it.
    """
    randomBytes: int
    stackBytes: int
    """
    Bytes of the guest's call stack.
    """
    tableElements: int
    """
    Elements of one table.
    """
    tables: int
    timeoutSeconds: int


class LineDto(TypedDict):
    attempt: int
    level: str
    message: str
    stage: str
    timestamp: str


LogFormatWord: TypeAlias = Literal['structured', 'raw']


LogLevelWord: TypeAlias = Literal['Debug', 'Info', 'Warn', 'Error']


class LogsAnswer(TypedDict):
    hasMore: bool
    """
    Whether there are lines after these.
    """
    jobId: str
    logs: list[LineDto]
    nextCursor: str
    """
    For the parameter `cursor`: what comes after these lines, also what is not written yet. The filters of the next
    request must be those of this one.
    """


class MailPolicyBody(TypedDict):
    """
    Whom jobs of the project may send e-mail to. What is absent is as the server has it; nothing goes beyond that.
    """

    domains: NotRequired[list[str] | None]
    """
    The domains that recipients must be of; none at all with `[]`
    """
    emailsPerHour: NotRequired[int | None]
    """
    E-mails that are tried within an hour; those beyond wait for the next one
    """


class MetricsDto(TypedDict):
    averageProcessingRate: str | None
    errorCount: int
    recordsPerSecond: float | None
    recordsProcessed: int
    totalRecords: int | None
    warningCount: int


class ModuleBody(TypedDict):
    name: str
    version: NotRequired[str | None]


class ModuleDto(TypedDict):
    digest: str
    engine: EngineDto | None
    name: str
    version: str


class ModuleNames(TypedDict):
    name: str
    version: str | None


class NodeDto(TypedDict):
    activeJobs: int | None
    cpuUsage: int | None
    droppedResults: int | None
    """
    Attempts since the node's start whose results were dropped, because they did not hold their job any more
    """
    jobCapacity: int
    memoryUsage: int | None
    nodeId: str
    status: str


class NotificationsBody(TypedDict):
    """
    Who is told by e-mail how the job ended, if the server sends e-mail (`GET …/deliveries` says what came of it).
    """

    emailRecipients: NotRequired[list[str] | None]
    onCompletion: NotRequired[bool | None]
    onFailure: NotRequired[bool | None]


class OutputDto(TypedDict):
    accuracy: NotRequired[float | None]
    declared: bool | None
    """
    Whether the module's manifest declares an output of this name; `null` = it declares none, or is not there any more
    """
    digest: str | None
    downloadUrl: str
    format: str
    kind: str
    name: str
    recordCount: NotRequired[int | None]
    size: str | None
    sizeBytes: int | None
    title: str
    type: str


OutputTypeWord: TypeAlias = Literal['reports', 'data', 'models', 'visualizations']


class OutputsDto(TypedDict):
    additionalOutputs: list[OutputDto]
    primaryOutput: OutputDto | None


OverlapWord: TypeAlias = Literal['Skip', 'Queue', 'Replace', 'Allow']


class Pagination(TypedDict):
    """
    Where in the list a numbered page lies.
    """

    page: int
    pageSize: int
    total: int
    totalPages: int


class PartsAnswer(TypedDict):
    """
    Bytes that a project stores, by what they are.
    """

    artifacts: int
    """
    Published artifacts of jobs.
    """
    checkpoints: int
    datasets: int
    """
    Files of datasets, and what was announced of those that are on their way.
    """
    logs: int
    modules: int
    records: int
    """
    What is kept of each job beside that: its texts and 1 KiB.
    """
    replaced: int
    """
    What was replaced or deleted and is not swept yet. It may lie beside all that `storedBytes` of the quotas allows,
    but not more than twice of that is stored in all.
    """


class PerformanceDto(TypedDict):
    averageJobDuration: str | None
    averageJobDurationSeconds: float | None
    jobsCompletedToday: int
    successRate: float | None
    throughputPerHour: float | None


class PingAnswer(TypedDict):
    message: str
    timestamp: str
    version: str


class PreciseTimes(TypedDict):
    """
    The same moments to the microsecond
    """

    created: str
    ended: str | None
    """
    `null` = it has not ended
    """
    started: str | None
    """
    When the latest attempt was taken from the queue, several in one step at one moment; `null` = there was none yet
    """


class PreviewBody(TypedDict):
    action: BulkWord
    jobIds: NotRequired[list[str] | None]
    """
    The jobs, each once; absent = those that match the query
    """


PriorityWord: TypeAlias = Literal['Low', 'Normal', 'High', 'Critical']


class Error(TypedDict):
    column: NotRequired[int | None]
    """
    Of `ScriptSyntax`: the column, from 1
    """
    line: NotRequired[int | None]
    """
    Of `ScriptSyntax`: the line in the file, from 1
    """
    message: str
    pointer: str
    """
    JSON Pointer into the body (of `InvalidParameters`: into the parameters), the name of a query parameter, or of `ScriptSyntax` the path of a file in the archive, with / before it
    """


class Problem(TypedDict):
    """
    What was wrong
    """

    code: str
    """
    A stable word
    """
    detail: str
    """
    A sentence for people
    """
    error: str
    """
    The same sentence, for old clients
    """
    errorCount: NotRequired[int]
    """
    Places where something is wrong, those included that `errors` has no room for
    """
    errors: NotRequired[list[Error]]
    """
    All that is wrong, place by place, as far as it has room
    """
    requestId: str | None
    status: int
    title: str
    type: str


class ProcessedList(TypedDict):
    nextCursor: str | None
    """
    `cursor` of the next page; `null` = there is none
    """
    pagination: Pagination | None
    processedItems: list[ItemAnswer]


class ProgressDto(TypedDict):
    currentStage: str
    elapsedSeconds: float
    elapsedTime: str
    estimatedCompletion: str | None
    percentage: int


class ProjectAnswer(TypedDict):
    dateCreated: str
    name: str
    projectId: str
    tenantId: str


class ProjectBody(TypedDict):
    id: NotRequired[str | None]
    name: str


class ProjectList(TypedDict):
    nextCursor: str | None
    """
    `cursor` of the next page; `null` = there is none
    """
    projects: list[ProjectAnswer]


class QuantilesAnswer(TypedDict):
    """
    So many percent took no longer, up to a quarter too much; `null` where nothing ended.
    """

    p50: float | None
    p95: float | None


class QueueDto(TypedDict):
    averageWaitSeconds: float | None
    averageWaitTime: str | None
    criticalPriorityJobs: int
    estimatedProcessingSeconds: float | None
    estimatedProcessingTime: str | None
    highPriorityJobs: int
    lowPriorityJobs: int
    normalPriorityJobs: int
    runningJobs: int
    scheduledJobs: int
    """
    Jobs whose time has not come
    """
    totalQueuedJobs: int
    """
    Jobs that may start; so are those by priority
    """


class QuotasAnswer(TypedDict):
    queuedJobs: int | None
    storedBytes: int | None


class QuotasBody(TypedDict):
    queuedJobs: NotRequired[int | None]
    storedBytes: NotRequired[int | None]


class QuoteBasis(TypedDict):
    inputBytes: list[int]
    """
    The smallest and the largest inputs that they had, in bytes; beyond these a quote is a guess, and its ranges are
    wider
    """
    runs: int
    """
    Completed runs of the same module version
    """


class QuotedModule(TypedDict):
    name: str
    version: str


class ReadyCheck(TypedDict):
    """
    Something that the server needs to take work.
    """

    detail: str | None
    """
    What is wrong.
    """
    name: str
    """
    `store`, `blobs`, `disk` or `notDraining`.
    """
    well: bool
    """
    Whether it is well.
    """


class ReceiptDto(TypedDict):
    attempt: int
    bytesRead: int
    bytesWritten: int
    contacts: list[ContactDto] | None
    """
    Whom the attempt contacted over HTTP, by host; none of a lost attempt.
    """
    cpuSeconds: float
    deterministic: DeterministicDto | None
    droppedLogLines: int | None
    """
    Lines of log that were dropped because the limit was reached; none of a lost attempt.
    """
    endTime: str
    engine: str | None
    """
    What engine and configuration ran it; figures of fuel compare only under the same one. None of a lost attempt.
    """
    fences: list[FenceDto]
    """
    What the cell's own process had given up; empty without one.
    """
    fuel: int | None
    """
    Units of fuel burnt; none = nobody counted.
    """
    fuelIsLowerBound: bool
    """
    Whether it was at least so much: the guest trapped, was stopped or was lost, and this was known last. Otherwise the
    figure is exact, and the same for the same work.
    """
    inputs: list[DigestDto]
    ioOperations: int
    isolation: IsolationDto | None
    limits: LimitsDto
    logBytes: int | None
    """
    Bytes of log that were kept; none of a lost attempt.
    """
    lost: bool
    """
    Whether the attempt was lost with its node. Its figures are those that were seen last: it may have used more.
    """
    module: str
    """
    SHA-256 of the module, and of the parameters as the guest saw them.
    """
    node: str
    outputs: list[DigestDto]
    parameters: str
    peakDiskBytes: int
    """
    The most bytes that files, artifacts and the checkpoint held together.
    """
    peakFiles: int
    """
    The most files, directories and links at the same time.
    """
    peakMemoryBytes: int
    """
    The most that the run added to a server's memory: its memories and tables, files of its script that were read, what the
    server held of its requests. Machine code is no part of it: all runs of a module or engine share it (`machineCodeBytes`).
    """
    randomBytes: int
    scriptEngine: str | None
    """
    SHA-256 of the engine module that ran it, when it is a script.
    """
    startTime: str
    wallSeconds: float


class RenameBody(TypedDict):
    name: str


class ReservedWords(TypedDict):
    increaseMemoryLimit: NotRequired[bool | None]
    retryFailedRecords: NotRequired[bool | None]
    timeoutMinutes: NotRequired[int | None]


class ResourceDto(TypedDict):
    resourceId: str | None
    resourceName: str
    resourceType: str


ResourceType: TypeAlias = Literal['Pipeline']


ResultsFormatWord: TypeAlias = Literal['summary', 'detailed', 'download']


RoleWord: TypeAlias = Literal['viewer', 'submitter', 'module-author', 'administrator', 'operator']


class RotationBody(TypedDict):
    overlapSeconds: NotRequired[int | None]
    """
    Seconds for which the secret before signs too; 86400, a day, when absent.
    """


class RunAnswer(TypedDict):
    """
    The latest run that was made.
    """

    dueAt: str
    jobId: str


class RunsItAnswer(TypedDict):
    builtIn: bool
    """
    Whether it comes with the server.
    """
    digest: str
    name: str
    version: str


class SavedAnswer(TypedDict):
    """
    Of a view, what a set of parameters has is `null`, and the other way round.
    """

    dateCreated: str
    dateModified: str
    module: str | None
    name: str
    parameters: NotRequired[dict[str, Any] | None]
    query: str | None
    revision: int
    """
    1, and one more with each change.
    """
    setBy: str
    """
    Who made or changed it last.
    """


class SavedBody(TypedDict):
    """
    A view has a `query`, a set of parameters has `module` and `parameters`.
    """

    module: NotRequired[str | None]
    """
    The module's name.
    """
    parameters: NotRequired[dict[str, Any] | None]
    query: NotRequired[str | None]
    """
    Filters of the list of jobs, as an address has them: `status=Failed&jobType=Analysis`.
    """
    revision: NotRequired[int | None]
    """
    The revision that it takes the place of; absent = there is none of this name.
    """


class SavedList(TypedDict):
    nextCursor: str | None
    """
    `cursor` of the next page; `null` = there is none
    """
    saved: list[SavedAnswer]


class ScheduleBody(TypedDict):
    """
    When the pipeline's jobs are due by themselves.
    """

    catchUpSeconds: NotRequired[int]
    """
    Seconds after its moment within which a run that was held up is still made, of several the latest; less than 60
    counts as 60
    """
    cron: str
    """
    Minute, hour, day of month, month, day of week; six fields begin with seconds
    """
    enabled: NotRequired[bool]
    """
    Whether it makes runs
    """
    overlap: NotRequired[OverlapWord]
    """
    What happens to a run while the job of the run before has not ended
    """
    parameters: NotRequired[dict[str, Any] | None]
    """
    Parameters of its jobs, over the pipeline's
    """
    priority: NotRequired[PriorityWord]
    """
    The priority of its jobs
    """
    timeZone: NotRequired[str]
    """
    A name of the IANA time zone database
    """


class SchedulingBody(TypedDict):
    executeImmediately: NotRequired[bool | None]
    """
    Changes nothing: a job without `scheduledTime` starts as soon as it can, one with it not before.
    """
    scheduledTime: NotRequired[str | None]
    timeoutMinutes: NotRequired[int | None]


class Seconds(TypedDict):
    expected: float
    """
    As many runs take longer as end before
    """
    high: float
    """
    The 90th percentile
    """
    low: float
    """
    The 10th percentile
    """
    scaled: bool
    """
    Whether the size of the inputs explains it, so that it was scaled to it
    """


class SecretAnswer(TypedDict):
    """
    What is known of a secret, but for its value.
    """

    dateCreated: str
    dateModified: str
    headers: list[str]
    """
    The headers that may carry it.
    """
    name: str
    setBy: str
    """
    Who set it last.
    """


class SecretBody(TypedDict):
    headers: NotRequired[list[str] | None]
    """
    Names of the headers that may carry it; `["Authorization"]` when absent.
    """
    value: str
    """
    Printable ASCII without line breaks.
    """


class SecretList(TypedDict):
    nextCursor: str | None
    """
    `cursor` of the next page; `null` = there is none
    """
    secrets: list[SecretAnswer]


class ServerNodeDto(TypedDict):
    active: bool
    """
    Whether it takes new jobs
    """
    activeJobs: int
    cores: int
    cpuPercent: float | None
    diskFreeBytes: int | None
    droppedResults: int
    """
    Attempts since its start whose results were dropped, because they did not hold their job any more
    """
    jobCapacity: int
    jobMemoryBytes: int
    """
    Bytes that the memory limits of its running jobs may add up to, and do add up to
    """
    jobMemoryReservedBytes: int
    memoryTotalBytes: int | None
    memoryUsedBytes: int | None
    nodeId: str


class SessionProject(TypedDict):
    projectId: str
    projectName: str
    tenantId: str
    tenantName: str


class SessionProvider(TypedDict):
    label: str
    """
    What people call it
    """
    signOutUrl: str | None
    """
    Where they sign out there, too; `null` = that is not offered
    """


class SignInFailure(TypedDict):
    code: str
    """
    A stable word
    """
    detail: str
    """
    A sentence for people
    """


class SkipAnswer(TypedDict):
    code: str
    jobs: int
    message: str


SkipCodeWord: TypeAlias = Literal['PreviousRunUnfinished', 'Missed', 'QueueFull', 'NotAllowed', 'Refused', 'ClockChange']


class SkippedAnswer(TypedDict):
    """
    The latest run that was not made.
    """

    code: SkipCodeWord
    dueAt: str
    reason: str


class StopAnswer(TypedDict):
    code: str
    message: str


class StreamedEvent(TypedDict):
    """
    An event as it is sent.
    """

    data: str
    """
    JSON: of an event of a job `jobId`, `attempt`, `timestamp`, and what belongs to the event (`percentage` and
    `currentStage`, `errorCode`, `lines`).
    """
    event: str
    """
    `queued`, `started`, `progress`, `log`, `cancelRequested`, `requeued`, `completed`, `failed`, `cancelled`, or `reset`
    when some events are not kept any more.
    """
    id: str
    """
    For `Last-Event-ID`.
    """


class SubmittedModule(TypedDict):
    name: str
    version: str


class Summary(TypedDict):
    cancelledJobs: int
    completedJobs: int
    failedJobs: int
    queuedJobs: int
    runningJobs: int
    totalJobs: int


class SummaryDto(TypedDict):
    dataQualityScore: float | None
    outputsGenerated: int
    processingEfficiency: float | None
    recordsProcessed: int


class SumsDto(TypedDict):
    attempts: int
    """
    Attempts that ended, however, and those of them that were lost with their node.
    """
    bytesRead: int
    bytesWritten: int
    cpuSeconds: float
    fuel: int
    """
    Units of fuel of all ended attempts, as their receipts have it.
    """
    fuelIsLowerBound: bool
    """
    Whether it was at least so much: for some attempts a lower bound is known, or nothing.
    """
    fuelLowerBounds: int
    """
    For how many attempts a lower bound is known, and for how many nothing.
    """
    fuelUnknown: int
    jobs: JobsDto
    """
    Jobs that ended, and how.
    """
    lostAttempts: int
    memoryByteSeconds: float
    """
    The most memory of each attempt times the time that it took.
    """
    wallSeconds: float


SyntaxState: TypeAlias = Literal['checked', 'unchecked']
"""
Whether the sources of a script were read when it was uploaded.
"""


class TenantAnswer(TypedDict):
    dateCreated: str
    name: str
    tenantId: str


class TenantBody(TypedDict):
    id: NotRequired[str | None]
    name: str


class TenantFiguresDto(TypedDict):
    completedToday: int
    """
    Of the UTC day so far
    """
    failedToday: int
    name: str
    queuedJobs: int
    runningJobs: int
    scheduledJobs: int
    tenantId: str


class TenantList(TypedDict):
    nextCursor: str | None
    """
    `cursor` of the next page; `null` = there is none
    """
    tenants: list[TenantAnswer]


class TokenAnswer(TypedDict):
    """
    A token without its secret, which nobody knows any more, and without its hash.
    """

    dateCreated: str
    dateRevoked: str | None
    expiresAt: str | None
    """
    When it stops holding; `null` = it does not end.
    """
    projectId: str | None
    role: RoleWord
    subject: str
    tenantId: str | None
    tokenId: str


class TokenBody(TypedDict):
    expiresAt: NotRequired[str | None]
    """
    When the token stops holding, later than now; absent = with the token that makes it, or never.
    """
    expiresInSeconds: NotRequired[int | None]
    """
    The same as seconds from now; one of the two at most.
    """
    projectId: NotRequired[str | None]
    role: RoleWord
    subject: str
    tenantId: NotRequired[str | None]


class TokenList(TypedDict):
    nextCursor: str | None
    """
    `cursor` of the next page; `null` = there is none
    """
    tokens: list[TokenAnswer]


class TryAnswer(TypedDict):
    answer: str
    """
    The beginning of the answer, or why there is none
    """
    code: str
    """
    `Delivered`, or why not
    """
    status: int | None
    """
    Of the HTTP answer, or of the mail server's
    """
    time: str
    tookMilliseconds: int


class Units(TypedDict):
    """
    Whole units
    """

    expected: int
    """
    As many runs take more as take less
    """
    high: int
    """
    The 90th percentile
    """
    low: int
    """
    The 10th percentile
    """
    scaled: bool
    """
    Whether the size of the inputs explains it, so that it was scaled to it
    """


class UpdatedParameters(ReservedWords):
    """
    Reserved words, and beside them a JSON Merge Patch of the parameters.
    """


class UploadAnswer(TypedDict):
    """
    A file of which not everything has come.
    """

    begunBy: str
    datasetId: str
    dateCreated: str
    dateExpires: str
    """
    When it is given up, unless more comes before
    """
    digest: str | None
    mediaType: str
    name: str
    offset: int
    """
    Bytes that have come and are kept: where it goes on
    """
    size: int
    uploadId: str


class UploadBody(TypedDict):
    """
    A file, before it comes.
    """

    datasetId: NotRequired[str | None]
    """
    The dataset that it is to be; a new one when absent.
    """
    digest: NotRequired[str | None]
    """
    SHA-256 of all its bytes, in 64 hexadecimal digits. A file with another one is refused at the end.
    """
    mediaType: NotRequired[str | None]
    """
    `application/octet-stream` when absent.
    """
    name: str
    """
    The file's name.
    """
    size: int
    """
    All its bytes. They count in what the project stores from now on.
    """


class UploadList(TypedDict):
    uploads: list[UploadAnswer]


class UsageAnswer(TypedDict):
    queuedJobs: int
    storedBytes: int
    """
    All parts together.
    """
    storedParts: PartsAnswer


class UtilizationDto(TypedDict):
    diskBytesAvailable: int | None
    diskSpaceAvailable: str | None
    totalCpuCapacity: int
    totalMemoryBytes: int | None
    totalMemoryCapacity: str | None
    usedCpuCapacity: int | None
    usedMemoryBytes: int | None
    usedMemoryCapacity: str | None


class ValidationDto(TypedDict):
    duplicatesRemoved: int | None
    invalidRecords: int | None
    totalRecords: int | None
    validRecords: int | None


class VersionNames(TypedDict):
    name: str
    version: str


class VersionSummary(TypedDict):
    """
    A version in a list.
    """

    activeFor: list[JobTypeWord]
    """
    The job types that it serves now.
    """
    dateCreated: str
    digest: str
    engine: EngineDto | None
    jobType: JobTypeWord | None
    size: int
    title: str
    uploadedBy: str
    version: str


class WaitReasonDto(TypedDict):
    """
    Why a job waits.
    """

    code: str
    message: str


class WaitingDto(TypedDict):
    jobId: str
    jobNumber: int
    module: str
    priority: PriorityWord
    projectId: str
    since: str
    tenantId: str
    waitedSeconds: float


class WebhookAnswer(TypedDict):
    """
    A webhook, but for its secret.
    """

    dateCreated: str
    dateModified: str
    enabled: bool
    events: list[EndingWord]
    previousSecretUntil: str | None
    """
    Until when the secret before signs, or signed, too; `null` = there is none
    """
    setBy: str
    stopped: str | None
    """
    Why the server switched it off; `null` = it did not
    """
    url: str
    webhookId: str


class WebhookBody(TypedDict):
    enabled: NotRequired[bool | None]
    """
    Yes when absent.
    """
    events: NotRequired[list[EndingBody] | None]
    """
    All when absent.
    """
    url: str
    """
    `https://…` or `http://…`, without user, password and fragment.
    """


class WebhookChangeBody(TypedDict):
    """
    What is absent stays.
    """

    enabled: NotRequired[bool | None]
    events: NotRequired[list[EndingBody] | None]
    url: NotRequired[str | None]


class WebhookList(TypedDict):
    nextCursor: str | None
    """
    `cursor` of the next page; `null` = there is none
    """
    webhooks: list[WebhookAnswer]


class WebhookSecretAnswer(WebhookAnswer):
    secret: str
    """
    `whsec_` and the key in base64, shown this once.
    """


U64: TypeAlias = int


class ListApplicationPasswordsParametersQuery(TypedDict):
    limit: NotRequired[int]
    cursor: NotRequired[str]


class ListAuditParametersQuery(TypedDict):
    tenantId: NotRequired[str]
    projectId: NotRequired[str]
    subject: NotRequired[str]
    before: NotRequired[int]
    limit: NotRequired[int]
    cursor: NotRequired[str]


class TenantsParametersQuery(TypedDict):
    limit: NotRequired[int]
    cursor: NotRequired[str]


class DeleteTenantParametersQuery(TypedDict):
    confirm: NotRequired[str]


class ProjectsParametersQuery(TypedDict):
    limit: NotRequired[int]
    cursor: NotRequired[str]


class DeleteProjectParametersQuery(TypedDict):
    confirm: NotRequired[str]


class ListTokensParametersQuery(TypedDict):
    limit: NotRequired[int]
    cursor: NotRequired[str]


GetUsageParametersQuery = TypedDict(
    'GetUsageParametersQuery',
    {
        'tenantId': NotRequired[str],
        'projectId': NotRequired[str],
        'from': NotRequired[str],
        'to': NotRequired[str],
        'groupBy': NotRequired[str],
    },
)


class SignOutParametersQuery(TypedDict):
    everywhere: NotRequired[bool]


class FinishSignInParametersQuery(TypedDict):
    code: NotRequired[str]
    state: NotRequired[str]
    iss: NotRequired[str]
    error: NotRequired[str]
    error_description: NotRequired[str]


class BeginSignInParametersQuery(TypedDict):
    again: NotRequired[bool]


class ListActivationsParametersQuery(TypedDict):
    limit: NotRequired[int]
    cursor: NotRequired[str]


class ListDatasetsParametersQuery(TypedDict):
    page: NotRequired[int]
    pageSize: NotRequired[int]
    cursor: NotRequired[str]


class PutDatasetParametersQuery(TypedDict):
    name: NotRequired[str]
    fromJob: NotRequired[str]
    artifact: NotRequired[str]


class ListDeliveriesParametersQuery(TypedDict):
    jobId: NotRequired[str]
    status: NotRequired[DeliveryStateWord]
    channel: NotRequired[ChannelWord]
    limit: NotRequired[int]
    cursor: NotRequired[str]


class ListBulkActionsParametersQuery(TypedDict):
    limit: NotRequired[int]
    cursor: NotRequired[str]


class PreviewBulkActionParametersQuery(TypedDict):
    status: NotRequired[JobStateWord]
    jobType: NotRequired[JobTypeWord]
    priority: NotRequired[PriorityWord]
    submittedBy: NotRequired[str]
    pipelineId: NotRequired[str]
    notStatus: NotRequired[JobStateWord]
    text: NotRequired[str]
    label: NotRequired[str]
    module: NotRequired[str]
    notJobType: NotRequired[JobTypeWord]
    notSubmittedBy: NotRequired[str]
    dateFrom: NotRequired[str]
    dateTo: NotRequired[str]


class ListBulkOutcomesParametersQuery(TypedDict):
    outcome: NotRequired[BulkOutcomeWord]
    limit: NotRequired[int]
    cursor: NotRequired[str]


class SubmitJobParametersQuery(TypedDict):
    dryRun: NotRequired[str]


CancelJobRequest: TypeAlias = CancelBody | None


class JobStatusParametersQuery(TypedDict):
    wait: NotRequired[str]


class JobLogsParametersQuery(TypedDict):
    level: NotRequired[LogLevelWord]
    fromTime: NotRequired[str]
    toTime: NotRequired[str]
    text: NotRequired[str]
    pattern: NotRequired[str]
    stage: NotRequired[str]
    limit: NotRequired[int]
    cursor: NotRequired[str]
    format: NotRequired[LogFormatWord]


class JobResultsParametersQuery(TypedDict):
    format: NotRequired[ResultsFormatWord]
    includeArtifacts: NotRequired[bool]
    outputType: NotRequired[OutputTypeWord]


class ListJobsParametersQuery(TypedDict):
    status: NotRequired[JobStateWord]
    jobType: NotRequired[JobTypeWord]
    priority: NotRequired[PriorityWord]
    submittedBy: NotRequired[str]
    pipelineId: NotRequired[str]
    notStatus: NotRequired[JobStateWord]
    text: NotRequired[str]
    label: NotRequired[str]
    module: NotRequired[str]
    notJobType: NotRequired[JobTypeWord]
    notSubmittedBy: NotRequired[str]
    dateFrom: NotRequired[str]
    dateTo: NotRequired[str]
    page: NotRequired[int]
    pageSize: NotRequired[int]
    cursor: NotRequired[str]


class ListQueueParametersQuery(TypedDict):
    page: NotRequired[int]
    pageSize: NotRequired[int]
    cursor: NotRequired[str]


class ListModulesParametersQuery(TypedDict):
    limit: NotRequired[int]
    cursor: NotRequired[str]


class GetModuleParametersQuery(TypedDict):
    limit: NotRequired[int]
    cursor: NotRequired[str]


class ListPipelinesParametersQuery(TypedDict):
    page: NotRequired[int]
    pageSize: NotRequired[int]
    cursor: NotRequired[str]


class ListProcessedItemsParametersQuery(TypedDict):
    page: NotRequired[int]
    pageSize: NotRequired[int]
    cursor: NotRequired[str]


class ListSavedParametersQuery(TypedDict):
    limit: NotRequired[int]
    cursor: NotRequired[str]


class ListSecretsParametersQuery(TypedDict):
    limit: NotRequired[int]
    cursor: NotRequired[str]


GetProjectUsageParametersQuery = TypedDict(
    'GetProjectUsageParametersQuery',
    {
        'from': NotRequired[str],
        'to': NotRequired[str],
        'groupBy': NotRequired[str],
    },
)


class GetProjectHoursParametersQuery(TypedDict):
    hours: NotRequired[int]


class ListWebhooksParametersQuery(TypedDict):
    limit: NotRequired[int]
    cursor: NotRequired[str]


RotateWebhookSecretRequest: TypeAlias = RotationBody | None


class DownloadParametersQuery(TypedDict):
    expires: int
    signature: str


class DataMachineClearJobsParametersQuery(TypedDict):
    type: NotRequired[str]
    cleanup_processed: NotRequired[str]


class DataMachineJobsParametersQuery(TypedDict):
    orderby: NotRequired[str]
    order: NotRequired[str]
    per_page: NotRequired[int]
    offset: NotRequired[int]
    pipeline_id: NotRequired[int]
    flow_id: NotRequired[int]
    status: NotRequired[str]


class ActivateBody(TypedDict):
    jobType: JobTypeWord


class ActivationAnswer(TypedDict):
    activatedBy: str
    dateActivated: str
    jobType: JobTypeWord
    module: VersionNames | None


class ActivationList(TypedDict):
    activations: list[ActivationAnswer]
    nextCursor: str | None
    """
    `cursor` of the next page; `null` = there is none
    """


class BatchItem(TypedDict):
    """
    The job, as `POST execution/job` answers it; estimates are left to the job's status
    """

    dateSubmitted: NotRequired[str]
    deterministic: NotRequired[bool]
    error: NotRequired[ItemError | None]
    estimatedDuration: NotRequired[str | None]
    estimatedDurationSeconds: NotRequired[list[float] | None]
    """
    The shortest and the longest that is expected, in seconds
    """
    estimatedStartTime: NotRequired[str | None]
    httpStatus: int
    """
    The status that it would have been answered alone
    """
    idempotencyKey: str | None
    index: int
    """
    Its place in the request, from 0
    """
    jobId: NotRequired[str]
    jobName: NotRequired[str]
    limits: NotRequired[LimitsDto]
    """
    What holds for each attempt: wishes, defaults and caps taken together.
    """
    module: NotRequired[SubmittedModule]
    """
    The module version that it is pinned to
    """
    priority: NotRequired[PriorityWord]
    queuePosition: NotRequired[int | None]
    """
    Its place among all jobs that may start; `null` while its time has not come
    """
    replayed: bool
    """
    Whether it is the job of an earlier request with the same key
    """
    status: NotRequired[JobStateWord]
    submittedBy: NotRequired[str]


class BulkAnswer(TypedDict):
    done: int
    """
    Jobs with which it was done
    """
    jobs: list[BulkItem]
    """
    What became of each, in the order in which they came
    """
    refused: int
    """
    Jobs with which it was not
    """


class BulkBody(TypedDict):
    action: BulkWord
    jobIds: list[str]
    """
    The jobs, each once
    """
    reason: NotRequired[str | None]
    """
    Why they are cancelled or retried; deleting takes none
    """


class BulkJobAnswer(TypedDict):
    error: NotRequired[StopAnswer | None]
    jobId: str
    jobNumber: int
    newJobId: str | None
    """
    The job that was queued in its place
    """
    outcome: BulkOutcomeWord
    """
    `Open` = its turn has not come
    """


class BulkJobList(TypedDict):
    jobs: list[BulkJobAnswer]
    nextCursor: str | None
    """
    `cursor` of the next page; `null` = there is none
    """


class BulkRunAnswer(TypedDict):
    """
    One thing that is done with many jobs
    """

    action: BulkActionWord
    bulkId: str
    dateCreated: str
    done: int
    """
    Jobs with which it was done
    """
    endTime: str | None
    failed: int
    """
    Jobs with which it went wrong
    """
    jobs: int
    """
    Its jobs
    """
    keptUntil: str | None
    """
    When it is forgotten; `null` while it runs
    """
    left: int
    """
    Jobs without an outcome
    """
    newestJob: str
    """
    When the newest of the jobs was submitted
    """
    oldestJob: str
    """
    When the oldest of the jobs was submitted
    """
    reason: str | None
    skipped: int
    """
    Jobs that were left as they are
    """
    status: BulkStateWord
    stop: StopAnswer | None
    submittedBy: str
    """
    Who asked for it
    """


class BulkRunList(TypedDict):
    bulkActions: list[BulkRunAnswer]
    nextCursor: str | None
    """
    `cursor` of the next page; `null` = there is none
    """


class CancelAnswer(TypedDict):
    cancelRequested: bool
    jobId: str
    message: str
    reason: str | None
    status: JobStateWord


class CapabilitiesDto(TypedDict):
    """
    Capabilities, wanted or granted.
    """

    hmac: NotRequired[list[str]]
    """
    Names of the project's secrets that the host computes HMACs with for the module, if its manifest asks for them.
    """
    http: NotRequired[HttpAccessDto | None]


class DataMachineJob(TypedDict):
    base_status: str
    completed_at: str | None
    created_at: str
    error_message: str | None
    flow_id: U64
    """
    A flow is its pipeline; 0 = none.
    """
    flow_name: str | None
    job_id: U64
    pipeline_id: U64
    """
    0 = none.
    """
    pipeline_name: str | None
    started_at: str | None
    status: str
    """
    `base_status`, or `agent_skipped - REASON`.
    """
    status_reason: str | None


class DataMachineJobAnswer(TypedDict):
    """
    One job.
    """

    data: DataMachineJob
    success: bool


class DataMachineJobs(TypedDict):
    """
    A page of jobs.
    """

    data: list[DataMachineJob]
    offset: int
    per_page: int
    success: bool
    total: int
    """
    All jobs that match.
    """


class DatasetList(TypedDict):
    datasets: list[DatasetAnswer]
    nextCursor: str | None
    """
    `cursor` of the next page; `null` = there is none
    """
    pagination: Pagination | None


class DeliveryAnswer(TypedDict):
    """
    A message to one recipient about the end of one job.
    """

    channel: ChannelWord
    dateCreated: str
    deliveryId: str
    event: EndingWord
    givesUp: str
    """
    When nobody tries any more
    """
    jobId: str
    jobName: str
    latestTries: list[TryAnswer]
    """
    The latest ones, oldest first
    """
    messageId: str
    """
    The header `webhook-id`, or what `Message-ID` begins with: the same however often it is sent.
    """
    nextTry: str | None
    """
    When it is tried next; `null` = not by itself
    """
    recipient: str | None
    """
    The address of e-mail; `null` of webhooks
    """
    status: DeliveryStateWord
    tries: int
    """
    Tries that were begun
    """
    webhookId: str | None
    """
    `null` of e-mail
    """


class DeliveryList(TypedDict):
    deliveries: list[DeliveryAnswer]
    nextCursor: str | None
    """
    `cursor` of the next page; `null` = there is none
    """


class GroupDto(SumsDto):
    """
    Sums of one group. Of what is not told apart the member is `null`.
    """

    day: str | None
    label: str | None
    """
    `key=value`. A job counts under each of its labels, and under none if it has none.
    """
    module: str | None
    other: bool
    """
    Whether these are all that are not shown each for itself.
    """
    projectId: str | None
    subject: str | None
    tenantId: str | None


class HourAnswer(TypedDict):
    """
    What ended in an hour.
    """

    attempts: int
    """
    Attempts that ended, however.
    """
    cancelled: int
    completed: int
    """
    Jobs that ended, and how.
    """
    cpuSeconds: float
    failed: int
    failures: dict[str, int]
    """
    Failed jobs by the code of their error.
    """
    fuel: int
    """
    Units of fuel of these.
    """
    runSeconds: QuantilesAnswer
    """
    From their latest start to their end, of those that completed or failed.
    """
    start: str
    """
    When it began.
    """
    waitSeconds: QuantilesAnswer
    """
    From when the jobs might start to their latest start.
    """


class HoursAnswer(TypedDict):
    hours: list[HourAnswer]
    """
    One after the other; the last one is the present hour.
    """


class JobTypeAnswer(TypedDict):
    """
    A job type.
    """

    description: str | None
    example: Any
    """
    The body of a submission that runs as it is; `null` where the project has no dataset for it, no pipeline
    that reaches the server's own module, or where the module does not say enough of its parameters.
    """
    inputs: list[dict[str, Any]]
    """
    The files that it reads: the parameter that names a dataset, what may be read, and whether it must be there. With
    `many` the parameter is an object, NAME → dataset, and each entry is the input `INPUT/NAME` of the job.
    """
    jobType: JobTypeWord
    module: RunsItAnswer | None
    outputs: list[dict[str, Any]]
    parameters: Any
    """
    JSON Schema of the parameters; `null` = they are not checked.
    """
    title: str | None


class JobTypeList(TypedDict):
    jobTypes: list[JobTypeAnswer]


class LaneDto(TypedDict):
    jobs: int
    oldestSeconds: float | None
    oldestSince: str | None
    """
    Since when the one that has waited longest may start; `null` = none waits
    """
    priority: PriorityWord


class ListedJob(TypedDict):
    completion: NotRequired[str | None]
    dateCreated: str
    duration: str | None
    durationSeconds: float | None
    endTime: str | None
    estimatedCompletion: str | None
    generation: int
    jobId: str
    jobName: str
    jobNumber: int
    jobType: JobTypeWord
    labels: dict[str, str]
    preciseTimes: PreciseTimes
    priority: PriorityWord
    progress: int
    resourceName: str
    retryOf: str | None
    retryReason: str | None
    startTime: str | None
    status: JobStateWord
    submittedBy: str
    warningCount: int


class ModuleAnswer(TypedDict):
    """
    A module with its versions, the one added last at the end.
    """

    current: str | None
    """
    The version of jobs that name the module only: the one that was activated last, else the highest; one that waits for
    approval only when all do
    """
    name: str
    versions: list[VersionSummary]


class ModuleList(TypedDict):
    """
    A page counts versions: a module whose versions go beyond it goes on at the beginning of the next one.
    """

    modules: list[ModuleAnswer]
    nextCursor: str | None
    """
    `cursor` of the next page; `null` = there is none
    """


class ModulePage(ModuleAnswer):
    """
    A module with a page of its versions.
    """

    nextCursor: str | None
    """
    `cursor` of the next page; `null` = there is none
    """


class NewTokenAnswer(TokenAnswer):
    token: str
    """
    The secret, shown this once.
    """


class PasswordAnswer(TypedDict):
    """
    An application password without the password itself, which nobody knows any more.
    """

    dateCreated: str
    dateRevoked: str | None
    expiresAt: str | None
    """
    When it stops holding; `null` = it does not end.
    """
    passwordId: str
    projectId: str | None
    role: RoleWord
    tenantId: str | None
    userName: str


class PasswordBody(TypedDict):
    expiresAt: NotRequired[str | None]
    """
    When the password stops holding, later than now; absent = with the token that makes it, or never.
    """
    expiresInSeconds: NotRequired[int | None]
    """
    The same as seconds from now; one of the two at most.
    """
    projectId: str
    role: NotRequired[RoleWord | None]
    tenantId: str
    userName: str


class PasswordList(TypedDict):
    applicationPasswords: list[PasswordAnswer]
    nextCursor: str | None
    """
    `cursor` of the next page; `null` = there is none
    """


class PipelineBody(TypedDict):
    datasetId: NotRequired[str | None]
    jobType: JobTypeWord
    limits: NotRequired[LimitsBody | None]
    module: NotRequired[ModuleBody | None]
    name: str
    parameters: NotRequired[dict[str, Any] | None]
    schedule: NotRequired[ScheduleBody | None]


class PreviewAnswer(TypedDict):
    """
    What a bulk action would come to
    """

    absent: int
    """
    Ids that were named and are of no job of the project
    """
    action: BulkActionWord
    jobs: int
    """
    Jobs that are meant
    """
    newestJob: str | None
    """
    When the newest of them was submitted
    """
    oldestJob: str | None
    """
    When the oldest of them was submitted
    """
    set: str | None
    """
    What stands for exactly these jobs, for an hour; `null` = there are none
    """
    skips: list[SkipAnswer]
    """
    Those that would be left as they are, by why
    """
    summary: Summary
    """
    The jobs by their state
    """
    willChange: int
    """
    Those of them with which it would be done as they stand
    """


class ProjectLimitsAnswer(TypedDict):
    caps: LimitsAnswer
    quotas: QuotasAnswer
    usage: UsageAnswer


class ProjectLimitsBody(TypedDict):
    """
    What is left out is not limited.
    """

    caps: NotRequired[LimitsBody | None]
    quotas: NotRequired[QuotasBody | None]


class ProviderAnswer(TypedDict):
    failure: SignInFailure | None
    label: str | None
    """
    What people call the provider; `null` = there is none
    """


class QualityDto(TypedDict):
    dataValidation: ValidationDto
    processingErrors: list[FindingDto]
    warnings: list[FindingDto]


class QueuedJob(TypedDict):
    dateCreated: str
    estimatedCompletion: str | None
    estimatedDuration: str | None
    estimatedDurationSeconds: list[float] | None
    """
    The shortest and the longest that is expected, in seconds
    """
    estimatedStartTime: str | None
    jobId: str
    jobName: str
    jobNumber: int
    jobType: JobTypeWord
    priority: PriorityWord
    queuePosition: int | None
    """
    Its place among all jobs that may start; `null` while its time has not come
    """
    resourceName: str
    scheduledTime: str | None
    submittedBy: str
    waitReason: WaitReasonDto | None


class QuoteAnswer(TypedDict):
    """
    What a submission would take; nothing was stored, and nothing will run
    """

    basis: QuoteBasis | None
    deterministic: bool
    dryRun: str
    """
    Always `quote`
    """
    durationSeconds: Seconds | None
    earliestStartTime: str | None
    """
    When it would start if each job before it takes as long as the 10th percentile of its module's runs
    """
    expectedStartTime: str | None
    """
    When it would start; `null` where the jobs before it were never measured
    """
    fuel: Units | None
    inputBytes: int
    """
    Bytes of all inputs
    """
    jobName: str
    latestStartTime: str | None
    """
    When it would start if each takes as long as the 90th percentile
    """
    limits: LimitsDto
    """
    What would hold for each attempt; `fuel` is a budget that no run goes beyond
    """
    memoryBytes: Units | None
    module: QuotedModule
    """
    The module version that it would be pinned to
    """
    queuePosition: int | None
    """
    Its place among all jobs that may start; `null` while its time has not come
    """


class ReadyAnswer(TypedDict):
    """
    Whether the server can take work, and what of it is not well.
    """

    checks: list[ReadyCheck]
    """
    What was looked at.
    """
    ready: bool
    """
    Whether everything is well.
    """


class ResourceBody(TypedDict):
    resourceId: str
    resourceType: ResourceType


class ResultsAnswer(TypedDict):
    completionTime: str | None
    error: NotRequired[ErrorDto | None]
    executionMetrics: ExecutionMetricsDto
    jobId: str
    parameters: NotRequired[dict[str, Any] | None]
    partial: bool
    qualityMetrics: QualityDto
    results: OutputsDto
    status: JobStateWord
    success: bool
    summary: SummaryDto
    totalDuration: str
    totalDurationSeconds: float


class RetryBody(TypedDict):
    immediateExecution: NotRequired[bool | None]
    modifyParameters: NotRequired[bool | None]
    """
    Absent counts as true.
    """
    priority: NotRequired[PriorityWord | None]
    retryReason: NotRequired[str | None]
    updatedParameters: NotRequired[UpdatedParameters | None]


class ScheduleAnswer(TypedDict):
    """
    A pipeline's schedule and where its runs stand.
    """

    catchUpSeconds: int
    cron: str
    dateSet: str
    enabled: bool
    lastRun: RunAnswer | None
    lastSkipped: SkippedAnswer | None
    nextRuns: list[str]
    overlap: OverlapWord
    parameters: dict[str, Any]
    priority: PriorityWord
    setBy: str
    timeZone: str


class ServerAnswer(TypedDict):
    hasMoreTenants: bool
    """
    Whether there are more tenants than are listed
    """
    nodes: list[ServerNodeDto]
    queue: list[LaneDto]
    """
    Jobs that may start, the most urgent first
    """
    scheduledJobs: int
    """
    Jobs whose time has not come
    """
    storeHealthy: bool
    """
    Whether the store can be written
    """
    tenants: list[TenantFiguresDto]
    timestamp: str
    waiting: list[WaitingDto]
    """
    Jobs at the heads of tenants' queues, 20 at most, the one that has waited longest first
    """


class SessionAnswer(TypedDict):
    hasMoreProjects: bool
    """
    Whether there are more than are listed
    """
    identityProvider: SessionProvider | None
    projectId: str | None
    """
    `null` = in all projects of the tenant
    """
    projects: list[SessionProject]
    """
    Projects that may be seen, as many as are listed
    """
    role: RoleWord
    subject: str
    tenantId: str | None
    """
    Where the role holds; `null` = on the whole server
    """


class StatusAnswer(TypedDict):
    attempt: int
    cancelReason: str | None
    cancelRequested: bool
    cancelRequestedAt: str | None
    cancelledBy: str | None
    completion: NotRequired[str | None]
    completionReason: NotRequired[str | None]
    dateCreated: str
    deterministic: bool
    error: NotRequired[ErrorDto | None]
    estimatedStartTime: str | None
    execution: ExecutionDto
    generation: int
    inputs: list[InputDto]
    """
    What it reads
    """
    jobDescription: str
    jobId: str
    jobName: str
    jobNumber: int
    jobType: JobTypeWord
    keepPartialOnFailure: bool
    labels: dict[str, str]
    lastUpdated: str
    limits: LimitsDto
    metrics: MetricsDto
    module: ModuleDto
    preciseTimes: PreciseTimes
    priority: PriorityWord
    profile: bool
    """
    Whether it leaves a profile of its fuel behind
    """
    progress: ProgressDto
    projectId: str
    queuePosition: int | None
    """
    Its place among all jobs that may start; `null` while its time has not come, and when it is not queued
    """
    receipt: ReceiptDto | None
    receipts: list[ReceiptDto]
    """
    The accounts of all ended attempts, oldest first.
    """
    resource: ResourceDto
    retryOf: str | None
    retryReason: str | None
    scheduledTime: str | None
    status: JobStateWord
    waitReason: WaitReasonDto | None


class SubmitAnswer(TypedDict):
    dateSubmitted: str
    deterministic: bool
    estimatedDuration: str | None
    estimatedDurationSeconds: list[float] | None
    """
    The shortest and the longest that is expected, in seconds
    """
    estimatedStartTime: str | None
    jobId: str
    jobName: str
    limits: LimitsDto
    """
    What holds for each attempt: wishes, defaults and caps taken together.
    """
    module: SubmittedModule
    """
    The module version that it is pinned to
    """
    priority: PriorityWord
    queuePosition: int | None
    """
    Its place among all jobs that may start; `null` while its time has not come
    """
    status: JobStateWord
    submittedBy: str


class SubmitBody(TypedDict):
    deterministic: NotRequired[bool | None]
    jobDescription: NotRequired[str | None]
    jobName: str
    jobType: JobTypeWord
    keepPartialOnFailure: NotRequired[bool | None]
    labels: NotRequired[dict[str, str]]
    limits: NotRequired[LimitsBody | None]
    module: NotRequired[ModuleBody | None]
    notifications: NotRequired[NotificationsBody | None]
    parameters: NotRequired[dict[str, Any] | None]
    priority: NotRequired[PriorityWord | None]
    profile: NotRequired[bool | None]
    """
    Looks where the fuel of the run goes, and keeps that as two more outputs, however the job ends: `profile.html`, a page
    with flame graphs, and `profile.folded`. Outputs and fuel are the same as without; the run takes longer, and estimates do
    not count it.
    """
    resource: NotRequired[ResourceBody | None]
    scheduling: NotRequired[SchedulingBody | None]


SubmitOrQuote: TypeAlias = SubmitAnswer | QuoteAnswer
"""
The job, or what it would take
"""


class SystemAnswer(TypedDict):
    executionNodes: list[NodeDto]
    performanceMetrics: PerformanceDto
    queueStatistics: QueueDto
    resourceUtilization: UtilizationDto
    systemStatus: str
    timestamp: str


UsageReportAnswer = TypedDict(
    'UsageReportAnswer',
    {
        'from': str,
        'groupBy': list[str],
        'groups': list[GroupDto],
        'maxGroups': int,
        'to': str,
        'total': SumsDto,
        'valuesPerDay': int,
    },
)


class VersionAnswer(TypedDict):
    """
    One module version.
    """

    capabilities: CapabilitiesDto
    """
    What it wants to reach beyond its cell.
    """
    compile: CompileAnswer | None
    dateCreated: str
    digest: str
    engine: EngineDto | None
    hasManifest: bool
    imports: list[str]
    """
    All that it can ever ask the host for.
    """
    manifest: dict[str, Any]
    name: str
    size: int
    syntax: SyntaxState | None
    syntaxReason: str | None
    """
    Why it did not, so that the first run tells what is wrong with them
    """
    uploadedBy: str
    version: str
    waitingFor: CapabilitiesDto | None
    warnings: list[str]
    """
    What its author may not have meant.
    """


class WaitingVersion(TypedDict):
    """
    A version that wants more than is granted.
    """

    version: str
    waitingFor: CapabilitiesDto
    """
    What is missing.
    """


RetryJobRequest: TypeAlias = RetryBody | None


class BatchAnswer(TypedDict):
    jobs: list[BatchItem]
    """
    What became of each, in the order in which they came
    """
    queued: int
    """
    Jobs that were queued now
    """
    refused: int
    """
    Jobs that were refused
    """
    replayed: int
    """
    Jobs that earlier requests with the same keys had queued
    """


class BatchJob(TypedDict):
    """
    One job of a batch.
    """

    deterministic: NotRequired[bool | None]
    idempotencyKey: NotRequired[str | None]
    jobDescription: NotRequired[str | None]
    jobName: str
    jobType: JobTypeWord
    keepPartialOnFailure: NotRequired[bool | None]
    labels: NotRequired[dict[str, str]]
    limits: NotRequired[LimitsBody | None]
    module: NotRequired[ModuleBody | None]
    notifications: NotRequired[NotificationsBody | None]
    parameters: NotRequired[dict[str, Any] | None]
    priority: NotRequired[PriorityWord | None]
    profile: NotRequired[bool | None]
    """
    Looks where the fuel of the run goes, and keeps that as two more outputs, however the job ends: `profile.html`, a page
    with flame graphs, and `profile.folded`. Outputs and fuel are the same as without; the run takes longer, and estimates do
    not count it.
    """
    resource: NotRequired[ResourceBody | None]
    scheduling: NotRequired[SchedulingBody | None]


class CapabilitiesAnswer(TypedDict):
    """
    A module's capabilities as they stand.
    """

    dateGranted: str | None
    granted: CapabilitiesDto
    """
    What all its versions may use.
    """
    grantedBy: str | None
    """
    Who granted it; `null` while nothing is granted.
    """
    module: str
    waiting: list[WaitingVersion]
    """
    Versions that wait for approval.
    """


class ListAnswer(TypedDict):
    hasNextPage: bool
    jobs: list[ListedJob]
    nextCursor: str | None
    """
    `cursor` of the next page; `null` = there is none
    """
    page: int | None
    """
    `null` in a page by cursor
    """
    pageSize: int
    summary: Summary


class NewPasswordAnswer(PasswordAnswer):
    password: str
    """
    The password in groups of four, shown this once. White space in it does not count.
    """


class PipelineAnswer(TypedDict):
    datasetId: str | None
    dateCreated: str
    jobType: JobTypeWord
    lastUpdated: str
    limits: LimitsAnswer
    module: ModuleNames | None
    name: str
    parameters: dict[str, Any]
    pipelineId: str
    pipelineNumber: int
    schedule: ScheduleAnswer | None


class PipelineList(TypedDict):
    nextCursor: str | None
    """
    `cursor` of the next page; `null` = there is none
    """
    pagination: Pagination | None
    pipelines: list[PipelineAnswer]


class QueueAnswer(TypedDict):
    hasNextPage: bool
    jobs: list[QueuedJob]
    nextCursor: str | None
    """
    `cursor` of the next page; `null` = there is none
    """
    page: int | None
    """
    `null` in a page by cursor
    """
    pageSize: int
    totalQueuedJobs: int
    """
    All that may start
    """
    totalScheduledJobs: int
    """
    All whose time has not come
    """


class RetryAnswer(SubmitAnswer):
    attempt: int
    """
    2 for the first retry of a job, 3 for a retry of that one, and so on.
    """
    retryOf: str | None
    retryReason: str | None


class BatchBody(TypedDict):
    """
    At most 1,000 jobs, 4 MiB.
    """

    jobs: list[BatchJob | Any]
    """
    Each as `POST execution/job` takes it, and beside that its own `idempotencyKey`
    """
