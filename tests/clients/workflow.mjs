// A client of the Execution API, written as the protocol's own JavaScript example is: no guards where that one has none.

const setting = (name) => process.env[`FUELCELL_${name}`];
const tenantUrl = `${setting('URL')}/api/${setting('TENANT')}`;
const url = `${tenantUrl}/${setting('PROJECT')}/execution`;
const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${setting('TOKEN')}` };
const getJson = async (address) => (await fetch(address, { headers })).json();

const submitJob = async () => {
  const response = await fetch(`${url}/job`, {
    method: 'POST',
    headers,
    body: JSON.stringify({
      jobName: 'Customer Behavior Analysis',
      jobDescription: 'Weekly analysis',
      jobType: 'ProcessMining',
      priority: 'High',
      resource: { resourceType: 'Pipeline', resourceId: setting('PIPELINE') },
      parameters: {
        datasetId: setting('DATASET'),
        analysisType: 'comprehensive',
        timeWindow: { startDate: '2024-01-13', endDate: '2024-01-31' },
        includeAnomalyDetection: true,
        outputFormat: 'detailed_report',
      },
      scheduling: { executeImmediately: true, timeoutMinutes: 90 },
      notifications: { onCompletion: true, onFailure: true, emailRecipients: ['analyst@example.com'] },
    }),
  });
  return response.json();
};

const monitorJob = async (jobId) => {
  for (;;) {
    const job = await getJson(`${url}/job/${jobId}`);
    console.log(`${job.status} (${job.progress.percentage}%) ${job.progress.currentStage}, ETA ${job.progress.estimatedCompletion}`);
    if (job.status === 'Completed') return;
    if (job.status !== 'Running' && job.status !== 'Queued') throw new Error(JSON.stringify(job.error));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
};

const getJobResults = async (jobId) => {
  const results = await getJson(`${url}/job/${jobId}/results?format=detailed&includeArtifacts=true`);
  console.log('Job completed', results.summary);
  const report = await fetch(results.results.primaryOutput.downloadUrl);
  console.log((await report.text()).slice(0, 15).toLowerCase());
  for (const output of results.results.additionalOutputs) {
    console.log(`Download ${output.type}: ${output.downloadUrl}`);
  }
};

const system = await getJson(`${tenantUrl}/execution/system/status`);
console.log(`System ${system.systemStatus}: ${system.queueStatistics.totalQueuedJobs} waiting, ${system.queueStatistics.averageWaitTime}`);
const job = await submitJob();
console.log(`Submitted ${job.jobId}, position ${job.queuePosition}, start ${job.estimatedStartTime}`);
await monitorJob(job.jobId);
await getJobResults(job.jobId);
