"""A client of the Execution API, written as the protocol's own Python example is: no guards where that one has none."""

import os
import time
from datetime import datetime, timedelta

import requests


class Jobs:
    def __init__(self, base, tenant, project, token):
        self.tenant_url = f"{base}/api/{tenant}"
        self.url = f"{self.tenant_url}/{project}/execution"
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def submit(self, name, job_type, pipeline, parameters, priority):
        body = {
            "jobName": name,
            "jobType": job_type,
            "priority": priority,
            "resource": {"resourceType": "Pipeline", "resourceId": pipeline},
            "parameters": parameters,
            "scheduling": {"executeImmediately": True, "timeoutMinutes": 120},
            "notifications": {"onCompletion": True, "onFailure": True},
        }
        return requests.post(f"{self.url}/job", json=body, headers=self.headers).json()

    def status(self, job):
        return requests.get(f"{self.url}/job/{job}", headers=self.headers).json()

    def wait(self, job, interval=0.1, timeout=120):
        end = time.time() + timeout
        while time.time() < end:
            status = self.status(job)
            progress = status["progress"]
            print(f"{status['status']} ({progress['percentage']}%)", progress["currentStage"], progress["elapsedTime"])
            if status["status"] in ("Completed", "Failed", "Cancelled"):
                return status
            time.sleep(interval)
        raise TimeoutError(job)

    def results(self, job):
        query = {"format": "detailed", "includeArtifacts": "true"}
        return requests.get(f"{self.url}/job/{job}/results", params=query, headers=self.headers).json()

    def list(self, **query):
        return requests.get(f"{self.url}/jobs", params=query, headers=self.headers).json()

    def cancel(self, job):
        body = {"reason": "a test", "forceTermination": False, "preservePartialResults": True}
        return requests.delete(f"{self.url}/job/{job}", json=body, headers=self.headers).status_code

    def system(self):
        return requests.get(f"{self.tenant_url}/execution/system/status", headers=self.headers).json()


def main():
    setting = lambda name: os.environ[f"FUELCELL_{name}"]
    jobs = Jobs(setting("URL"), setting("TENANT"), setting("PROJECT"), setting("TOKEN"))

    system = jobs.system()
    print(f"System: {system['systemStatus']}, {system['queueStatistics']['totalQueuedJobs']} jobs queued")

    parameters = {
        "datasetId": setting("DATASET"),
        "analysisType": "comprehensive",
        "timeWindow": {"startDate": "2024-01-01", "endDate": "2024-01-31"},
        "includeAnomalyDetection": True,
        "includeProcessVariants": True,
        "generateInsights": True,
        "outputFormat": "detailed_report",
        "performanceMetrics": ["cycle_time", "waiting_time", "resource_utilization"],
        "qualityChecks": {"validateTimestamps": True, "checkDuplicates": True, "validateActivities": True},
    }
    job = jobs.submit("Monthly analysis", "ProcessMining", setting("PIPELINE"), parameters, "High")
    print(f"Submitted {job['jobId']}, position {job['queuePosition']}, start {job['estimatedStartTime']}")

    final = jobs.wait(job["jobId"])
    if final["status"] != "Completed":
        raise SystemExit(f"the job ended as {final['status']}: {final.get('error')}")
    results = jobs.results(job["jobId"])
    print("Job completed")
    print(f"Records processed: {results['summary']['recordsProcessed']:,}")
    print(f"Data quality: {results['summary']['dataQualityScore']}")
    print(f"Efficiency: {results['summary']['processingEfficiency']}%")
    assert results["summary"]["recordsProcessed"] > 0
    report = requests.get(results["results"]["primaryOutput"]["downloadUrl"])
    print(report.text[:15].lower())
    for output in results["results"]["additionalOutputs"]:
        assert requests.get(output["downloadUrl"]).status_code == 200, output
        print(f"{output['type']}: {output['size']}")

    yesterday = datetime.now() - timedelta(days=1)
    listed = jobs.list(status="Completed", jobType="ProcessMining", dateFrom=yesterday.isoformat(), page=1, pageSize=20)
    assert [entry["jobId"] for entry in listed["jobs"]] == [job["jobId"]], listed
    assert jobs.cancel(job["jobId"]) == 409, "a completed job cannot be cancelled"


main()
