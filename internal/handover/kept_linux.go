package handover

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

const (
	// stateName is what a kept state is called in systemd's file descriptor store.
	stateName = "earshot-state"
	// eraseBytes is how much memory is cleared at a time.
	eraseBytes = 1 << 20
)

// keep writes the state to memory that has a descriptor and no name in any file system (memfd_create(2)), and leaves
// that with systemd.
func (m manager) keep(ctx context.Context, state []byte) error {
	if m.socket == "" {
		return fmt.Errorf("keeping the state: %w without systemd, or without Type=notify", errors.ErrUnsupported)
	}
	file, err := memory()
	if err != nil {
		return fmt.Errorf("keeping the state: %w", err)
	}
	defer func() { _ = file.Close() }() // systemd has its own; if it has not, the memory is free by this
	if err := writeFrame(file, state); err != nil {
		return fmt.Errorf("keeping the state: %w", errors.Join(err, erase(file)))
	}
	// Nobody can make it longer, or seal it further. It can be shortened and written to, because the next process is to
	// erase it.
	if _, err := unix.FcntlInt(file.Fd(), unix.F_ADD_SEALS, unix.F_SEAL_GROW|unix.F_SEAL_SEAL); err != nil {
		return fmt.Errorf("keeping the state: %w", errors.Join(err, erase(file)))
	}
	if err := m.tell("FDSTORE=1\nFDNAME="+stateName, file); err != nil {
		return fmt.Errorf("keeping the state: %w", errors.Join(err, erase(file)))
	}
	if err := m.barrier(ctx); err != nil {
		return fmt.Errorf("keeping the state: %w", errors.Join(err, erase(file)))
	}
	return nil
}

// memory makes anonymous memory with a descriptor.
func memory() (*os.File, error) {
	const flags = unix.MFD_CLOEXEC | unix.MFD_ALLOW_SEALING
	fd, err := unix.MemfdCreate(stateName, flags|unix.MFD_NOEXEC_SEAL)
	if errors.Is(err, unix.EINVAL) { // before Linux 6.3
		fd, err = unix.MemfdCreate(stateName, flags)
	}
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	return os.NewFile(uintptr(fd), stateName), nil
}

// kept is what systemd kept.
type kept struct {
	systemd manager
	count   int        // how many there are
	files   []*os.File // those of them that can be states
}

// take takes a descriptor that systemd kept under the name of a state. One that cannot be a state is not closed: it
// might be one that Go itself has opened. It is none the less no reason for a server not to start.
func (k *kept) take(fd int) {
	k.count++
	unix.CloseOnExec(fd)
	if sealable(uintptr(fd)) != nil {
		return
	}
	k.files = append(k.files, os.NewFile(uintptr(fd), stateName))
}

// state reads the state, erases it, and has systemd let go of it. It does not wait for anybody.
func (k *kept) state(_ context.Context, maxBytes int64) ([]byte, error) {
	var (
		state []byte
		err   error
	)
	switch {
	case k.count > 1: // an older one would bring back what is over, and which it is cannot be told
		err = fmt.Errorf("systemd kept %d of them", k.count)
	case len(k.files) == 0:
		err = errors.New("systemd kept something else")
	default:
		state, err = readMemory(k.files[0], maxBytes)
	}
	for _, file := range k.files {
		err = errors.Join(err, erase(file))
	}
	// If this is not heard, nothing but empty memory stays behind.
	_ = k.systemd.tell("FDSTOREREMOVE=1\nFDNAME=" + stateName)
	if err != nil {
		clear(state)
		return nil, fmt.Errorf("%w: %w", ErrLost, err)
	}
	return state, nil
}

func (k *kept) close() error {
	for _, file := range k.files {
		_ = file.Close() // memory has nothing to write out, and may be closed already
	}
	return nil
}

// readMemory reads a state. Its length has to be true before a byte is read.
func readMemory(file *os.File, maxBytes int64) ([]byte, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() == 0 {
		return nil, errors.New("it was erased")
	}
	// The position of the descriptor is where the writer left it.
	r := io.NewSectionReader(file, 0, info.Size())
	state, err := readFrame(r, min(maxBytes, info.Size()-int64(frameExtra)))
	if err == nil && int64(len(state)+frameExtra) != info.Size() {
		clear(state)
		return nil, errors.New("more follows it")
	}
	return state, err
}

// sealable tells anonymous memory from a file, which is neither to be read nor erased: only the former has seals
// (fcntl(2), F_GET_SEALS).
func sealable(fd uintptr) error {
	_, err := unix.FcntlInt(fd, unix.F_GET_SEALS, 0)
	return err
}

// erase clears the memory, and then gives it back.
func erase(file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	zeros := make([]byte, min(eraseBytes, info.Size()))
	for at := int64(0); at < info.Size(); at += int64(len(zeros)) {
		if _, err := file.WriteAt(zeros[:min(int64(len(zeros)), info.Size()-at)], at); err != nil {
			return fmt.Errorf("erasing the state: %w", err)
		}
	}
	if err := file.Truncate(0); err != nil {
		return fmt.Errorf("erasing the state: %w", err)
	}
	return nil
}
