// A small Socket.IO server: users by token, rooms that every user may enter and post to.
//   node server.js 127.0.0.1 8000 10000
import { createServer } from 'node:http';
import { Server } from 'socket.io';

const [host, port, count] = process.argv.slice(2);
const users = new Map();
for (let i = 0; i < Number(count); i++) {
  const name = `user${String(i).padStart(5, '0')}`;
  users.set(`secret-${name}`, name);
}

const http = createServer();
const io = new Server(http, { transports: ['websocket'], serveClient: false });

io.use((socket, next) => {
  socket.data.user = users.get(socket.handshake.auth.token);
  next(socket.data.user ? undefined : new Error('unauthenticated'));
});

io.on('connection', (socket) => {
  socket.on('join', (room, done) => {
    socket.join(room);
    done();
  });
  socket.on('post', (room, text, done) => {
    io.to(room).emit('message', { room, user: socket.data.user, text });
    done();
  });
});

http.listen({ host, port: Number(port), backlog: 4096 });
