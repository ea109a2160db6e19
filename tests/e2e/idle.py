# SPDX-License-Identifier: BSD-3-Clause
"""The machines of the end-to-end checks whose CPUs have idle states.

The guest's cpuidle and PSCI_STAT_* count the same thing from its two sides: a use counts when it is
over, and one that was refused does not. So they agree exactly, once no CPU goes to sleep any more.
"""

import observe
from tap import Scenario
from torporvm import Machine, expect

REST_S = 3
CPU_STATES = ("cpu-standby", "cpu-powerdown")
CLUSTER_STATES = ("cluster-retention", "cluster-powerdown")


class Idle(Scenario):
    """Two CPUs with idle states and no clusters."""

    name = "idle"
    cpus = 2
    clusters = 0
    psci = "1.3"

    def boots(self):
        extra = ["--idle-states"]
        if self.clusters:
            extra += ["--clusters", str(self.clusters)]
        self.machine = Machine(self.options, self.name, cpus=self.cpus, psci=self.psci, extra=extra)
        self.machine.start()
        self.machine.guest.wait_ready()

    def has_states(self):
        answer = self.machine.guest.run("idle_states")
        expect(answer["driver"] == "psci_idle",
               f"expected the guest's cpuidle driver to be psci_idle, it is {answer['driver']}")
        names = tuple(line.split()[0] for line in answer.all("state"))
        expect(names == ("WFI", *CPU_STATES),
               f"expected the guest's idle states to be WFI and {CPU_STATES}, they are {names}")
        return answer

    def rests(self):
        self.machine.guest.run(f"rest {REST_S}")

    def host_counts(self, cpu):
        """State name -> uses, as the host is told."""
        with self.machine.qmp() as client:
            reply = client.execute("x-torpor-query-psci-stats", {"cpu": cpu})
        expect(reply["cpu"] == cpu, f"asked for CPU {cpu}, got {reply}")
        return {state["name"]: state["count"] for state in reply["states"]}

    def counts(self):
        """Guest and host, both looked at when the numbers stand still."""
        answer = self.machine.guest.run("idle_count")
        guest = {}
        for line in answer.all("usage"):
            cpu, name, usage, _ = line.split()
            guest[int(cpu[len("cpu"):]), name] = int(usage)
        host = {cpu: self.host_counts(cpu) for cpu in range(self.cpus)}
        return answer, guest, host

    def agree(self):
        _, guest, host = self.counts()
        expect(len(guest) == self.cpus * len(CPU_STATES), f"the guest counts {guest}")
        for (cpu, name), usage in guest.items():
            expect(usage == host[cpu][name],
                   f"CPU {cpu} used {name} {usage} times by the guest's cpuidle and "
                   f"{host[cpu][name]} times by PSCI_STAT_COUNT")
        for name in CPU_STATES:
            expect(sum(host[cpu][name] for cpu in host) > 0,
                   f"no CPU used {name} in {REST_S} s of rest: {host}")

    def hotplug(self):
        """CPU_OFF counts as the deepest state, and cpuidle knows nothing of it."""
        before = self.host_counts(1)["cpu-powerdown"]
        observe.cpu_off(self.machine, 1)
        observe.cpu_on(self.machine, 1)
        after = self.host_counts(1)["cpu-powerdown"]
        expect(after == before + 1, f"CPU 1 went off and on: expected {before} + 1 uses of "
                                    f"cpu-powerdown, got {after}")

    def ends(self):
        self.machine.guest.run("poweroff")
        self.machine.expect_exit(0)


class Oldest(Idle):
    """What there was before 1.0: the states, without statistics."""

    name = "idle-0.2"
    psci = "0.2"

    def used(self):
        answer = self.machine.guest.run("idle_count")
        used = {name: 0 for name in CPU_STATES}
        for line in answer.all("usage"):
            _, name, usage, _ = line.split()
            used[name] += int(usage)
        expect(all(used.values()), f"expected each state to be used, the guest counts {used}")


class Clusters(Idle):
    """Four CPUs in two clusters: OS-initiated mode."""

    name = "idle-clusters"
    cpus = 4
    clusters = 2

    def os_initiated(self):
        lines = observe.psci_lines(self.machine)
        expect("OSI mode supported." in lines,
               f"expected the guest's kernel to say 'psci: OSI mode supported.', it says {lines}")
        said = self.machine.guest.run("dmesg CPUidle.PSCI").all("dmesg")
        expect(any("using OSI mode" in line for line in said),
               f"expected the guest's kernel to set its CPU domains up using OSI mode, it says "
               f"{said}")
        groups = self.machine.guest.run("idle_states").all("cluster")
        expect(groups == ["0-1", "0-1", "2-3", "2-3"],
               f"expected CPUs 0 and 1 in one cluster and 2 and 3 in another, got {groups}")

    def domains_agree(self):
        answer, _, host = self.counts()
        seen = {name: 0 for name in CLUSTER_STATES}
        lines = answer.all("domain")
        expect(lines, "the guest's kernel shows no power domains of clusters")
        for line in lines:
            cluster, state, usage, _ = line.split()
            if not state.startswith("S") or not state[1:].isdigit():
                continue
            name = CLUSTER_STATES[int(state[1:])]
            first = int(cluster[len("cluster"):]) * self.cpus // self.clusters
            for cpu in (first, first + 1):
                expect(host[cpu][name] == int(usage),
                       f"{cluster} used {name} {usage} times by the guest's power domains "
                       f"and {host[cpu][name]} times by PSCI_STAT_COUNT of CPU {cpu}")
            seen[name] += int(usage)
        expect(sum(seen.values()) > 0, f"no cluster went idle in {REST_S} s of rest: {lines}")


Idle.checks = [
    ("a guest with idle states boots", Idle.boots),
    ("its cpuidle takes the standby and the powerdown", Idle.has_states),
    ("its CPUs rest", Idle.rests),
    ("its cpuidle counts are those of PSCI_STAT_COUNT", Idle.agree),
    ("CPU_OFF counts as a powerdown", Idle.hotplug),
    ("the guest with idle states powers off, exit 0", Idle.ends),
]
Oldest.checks = [
    ("0.2: a guest with idle states boots", Oldest.boots),
    ("0.2: its cpuidle takes the standby and the powerdown", Oldest.has_states),
    ("0.2: its CPUs rest", Oldest.rests),
    ("0.2: it uses both states", Oldest.used),
    ("0.2: the guest with idle states powers off, exit 0", Oldest.ends),
]
Clusters.checks = [
    ("a guest with clusters boots", Clusters.boots),
    ("Linux takes OS-initiated mode", Clusters.os_initiated),
    ("with clusters its cpuidle takes the standby and the powerdown", Clusters.has_states),
    ("with clusters its CPUs rest", Clusters.rests),
    ("with clusters its cpuidle counts are those of PSCI_STAT_COUNT", Clusters.agree),
    ("its power domains' counts are those of PSCI_STAT_COUNT", Clusters.domains_agree),
    ("the guest with clusters powers off, exit 0", Clusters.ends),
]

SCENARIOS = {"idle": Idle, "idle-0.2": Oldest, "idle-clusters": Clusters}
