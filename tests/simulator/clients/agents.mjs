// One conversation of @openai/agents-realtime with a server: node agents.mjs PORT CONVERSATION AUDIO
import { RealtimeAgent, RealtimeSession, tool } from '@openai/agents-realtime';
import fs from 'node:fs';
import { z } from 'zod';

const [port, conversation, file] = process.argv.slice(2);
const url = `ws://127.0.0.1:${port}/v1/realtime?model=gpt-realtime-2.1`;
const raw = fs.readFileSync(file);
const audio = raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.byteLength);
const found = { audio: 0, tools: 0, interrupted: 0, errors: [], kinds: {} };

const lookUp = tool({
  name: 'look_up',
  description: 'Look something up.',
  parameters: z.object({ city: z.string() }),
  execute: async () => { found.tools++; return 'rain'; },
});
const agent = new RealtimeAgent({ name: 'Agent', instructions: 'Help.', tools: [lookUp] });

const turnDetection = conversation === 'manual' ? null : { type: 'server_vad', interruptResponse: true };
let session;
async function open() {
  session = new RealtimeSession(agent, {
    transport: 'websocket',
    model: 'gpt-realtime-2.1',
    config: { audio: { input: { turnDetection } } },
  });
  session.on('transport_event', (e) => { found.kinds[e.type] = (found.kinds[e.type] || 0) + 1; });
  session.on('audio', () => found.audio++);
  session.on('audio_interrupted', () => found.interrupted++);
  session.on('error', (e) => found.errors.push(JSON.stringify(e).slice(0, 400)));
  await session.connect({ apiKey: 'ek_any', url });
}

const seen = (kind) => found.kinds[kind] || 0;
async function until(isSo, what) {
  const giveUp = Date.now() + 15000;
  while (!isSo()) {
    if (Date.now() > giveUp) { found.errors.push(`never: ${what}`); finish(); }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
const replies = (count) => until(() => seen('response.done') >= count, `${count} replies`);
function finish() { console.log(JSON.stringify(found)); process.exit(0); }

await open();
if (conversation === 'greeting') {
  session.sendMessage('Greet the caller.');
  await replies(1);
} else if (conversation === 'vad') {
  session.sendAudio(audio);
  await replies(1);
} else if (conversation === 'manual') {
  session.sendAudio(audio, { commit: true });
  session.transport.sendEvent({ type: 'response.create' });
  await replies(1);
} else if (conversation === 'tool') {
  session.sendMessage('What is the weather?');
  await replies(2);
} else if (conversation === 'barge_in') {
  session.sendAudio(audio);
  await until(() => found.audio > 2, 'audio');
  await new Promise((resolve) => setTimeout(resolve, 100));
  session.sendAudio(audio);
  await until(() => seen('conversation.item.truncated') > 0, 'truncated');
  await replies(2);
} else if (conversation === 'expiry') {
  await until(() => session.transport.status === 'disconnected', 'the end of the session');
  found.errors = found.errors.filter((words) => !words.includes('session_expired'));
  await open();
  session.sendMessage('Greet the caller.');
  await replies(1);
}
finish();
