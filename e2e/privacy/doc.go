// Package privacy holds the promise that nothing which is said reaches a disk, against the real binary in processes of
// their own: people talk for a while, in texts that can be told from everything else, and then these are looked for
// wherever the process could have left them. Each search is tried first on something that it must find.
//
// What a machine does not allow is skipped, and TestMachine says what that is: reading raw file systems needs root and
// loop devices on Linux, reading memory needs root, and the trace of system calls needs strace.
package privacy
