import { once } from 'node:events';
import { connect } from 'node:net';

/**
 * Sends a command on a connection of its own as a program without a client library would, after AUTH, and returns what
 * came back: `OK`, or the code it was refused with.
 */
export async function rawAnswer(url: string, command: readonly string[]): Promise<string> {
  const { hostname, port, username, password } = new URL(url);
  const socket = connect(Number(port), hostname);
  try {
    socket.write(encoded(['AUTH', username, password]) + encoded(command));
    let text = '';
    // The first line of the second reply; a reply to AUTH is one line.
    while (text.split('\r\n').length < 3) text += String(await once(socket, 'data'));
    const [auth, answer = ''] = text.split('\r\n');
    if (auth !== '+OK') return String(auth);
    return answer.startsWith('-') ? answer.slice(1).split(' ', 1).join('') : 'OK';
  } finally {
    socket.destroy();
  }
}

function encoded(words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`;
}
