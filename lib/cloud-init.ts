import { stringify } from "yaml";
import { UserError } from "./errors";

export interface UserDataArgs {
  /** Who may log in: in the image already, or made. */
  readonly user: string;
  /** One OpenSSH public key line. */
  readonly authorizedKey: string;
  /** The machine's own ed25519 key pair, by which it shows that it is itself. */
  readonly hostKey: { readonly privateKey: string; readonly publicKey: string };
  readonly hostname: string;
  /** ISO 8601; the machine shuts itself down then. */
  readonly expiresAt: string;
  /** Where the guest asks for the time. @default servers of its distribution, on the internet */
  readonly timeServer?: string;
}

/**
 * EC2 takes 16 KiB before it is encoded (docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html), Azure 64 KiB
 * (learn.microsoft.com/azure/virtual-machines/custom-data): what fits the smaller fits both.
 */
const mostBytes = 16 * 1024;

const line = (text: string) => `${text.trimEnd()}\n`;

/** `2026-01-31 12:00:00 UTC`, as systemd.time(7) reads it. Rounded up: never before the time. */
function calendarTime(iso: string): string {
  const time = new Date(Math.ceil(Date.parse(iso) / 1000) * 1000);
  return `${time.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/**
 * A timer of the guest's own: it needs nothing of ours, and nothing of the provider's but the clock. Persistent: a
 * machine that was off at the time shuts down when it is started again.
 */
function expiryUnits(expiresAt: string): { path: string; content: string }[] {
  const when = calendarTime(expiresAt);
  return [
    {
      path: "/etc/systemd/system/kmvm-expiry.timer",
      content: `[Unit]\nDescription=The machine's expiry\n\n[Timer]\nOnCalendar=${when}\nAccuracySec=1s\nPersistent=true\n\n[Install]\nWantedBy=timers.target\n`,
    },
    {
      path: "/etc/systemd/system/kmvm-expiry.service",
      content:
        "[Unit]\nDescription=Ends the machine\n\n[Service]\nType=oneshot\nExecStart=/usr/bin/systemctl poweroff --force\n",
    },
  ];
}

/** With it systemd-timesyncd does not fall back to servers of the distribution: timesyncd.conf(5), FallbackNTP. */
const timeFile = (server: string) => ({
  path: "/etc/systemd/timesyncd.conf.d/kmvm.conf",
  content: `[Time]\nNTP=${server}\n`,
});

/**
 * What cloud-init would write for `ssh_pwauth: false` late in the boot, and then start sshd anew: whoever comes in at that
 * moment is shut out (cloudinit/config/cc_set_passwords.py). Where the file says so already, it leaves sshd alone, and
 * files are written before sshd is first started.
 */
const keysOnlyFile = { path: "/etc/ssh/sshd_config.d/50-cloud-init.conf", content: "PasswordAuthentication no\n" };

/**
 * User data for cloud-init (docs.cloud-init.io/en/latest/reference/modules.html): host key, user, name, expiry. The
 * host's private key is the only secret in it: whoever reads it can play this machine, and nothing else. Pure.
 * @throws UserError when it is larger than a provider takes
 */
export function userData(args: UserDataArgs): string {
  const { user, authorizedKey, hostKey, hostname, expiresAt, timeServer } = args;
  const config = {
    hostname,
    ssh_deletekeys: true,
    // With this, no key of another kind is made.
    ssh_keys: { ed25519_private: line(hostKey.privateKey), ed25519_public: line(hostKey.publicKey) },
    // The image does that itself at boot, and has no resize2fs: without these cloud-init calls its own boot failed.
    growpart: { mode: "off" },
    resize_rootfs: false,
    ssh_pwauth: false,
    disable_root: true,
    users: [
      {
        name: user,
        lock_passwd: true,
        shell: "/bin/bash",
        sudo: "ALL=(ALL) NOPASSWD:ALL",
        ssh_authorized_keys: [authorizedKey.trim()],
      },
    ],
    // An NMI, which nobody sends to a guest that is well, makes it panic: where a guest hangs is told by the backtrace.
    bootcmd: [["sh", "-c", "echo 1 > /proc/sys/kernel/unknown_nmi_panic"]],
    write_files: [keysOnlyFile, ...expiryUnits(expiresAt), ...(timeServer === undefined ? [] : [timeFile(timeServer)])],
    runcmd: [
      ["systemctl", "daemon-reload"],
      // It runs already, and has read its configuration.
      ...(timeServer === undefined ? [] : [["systemctl", "try-restart", "systemd-timesyncd.service"]]),
      ["systemctl", "enable", "--now", "kmvm-expiry.timer"],
    ],
  };
  const text = `#cloud-config\n${stringify(config, { lineWidth: 0 })}`;
  const bytes = Buffer.byteLength(text);
  if (bytes > mostBytes)
    throw new UserError(
      `the user data would be ${bytes} bytes, allowed: ${mostBytes}`,
      "shorten the public key's comment",
    );
  return text;
}
